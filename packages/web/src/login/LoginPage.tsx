import { type FormEvent, useState } from 'react';
import { logIn } from '../api/session.ts';
import { useObservable } from '../store/use-observable.ts';
import { Problem } from '../ui/bits.tsx';
import { Button } from '../ui/Button.tsx';
import { Logo } from '../shell/Logo.tsx';
import { linkError } from './link-error.ts';

export function LoginPage() {
  const fromLink = useObservable(linkError);
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setProblem('');
    try {
      await logIn(form.get('user') as string, form.get('password') as string);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
      setBusy(false);
    }
  };
  const text = problem || fromLink;
  return (
    <main className="login">
      <form className="login-card" onSubmit={(event) => void submit(event)}>
        <Logo size={40} />
        <h1>Log in to Skerry</h1>
        {text && <Problem title="That did not work" text={text} />}
        <label className="field">
          <span>Name</span>
          <input name="user" autoComplete="username" required autoFocus />
        </label>
        <label className="field">
          <span>Password</span>
          <input name="password" type="password" autoComplete="current-password" required />
        </label>
        <Button type="submit" look="primary" disabled={busy}>
          {busy ? 'Logging in…' : 'Log in'}
        </Button>
        <p className="quiet">
          No password? An administrator makes a one-time link:{' '}
          <code>skerry cloud user link NAME</code>, or on central&apos;s own host{' '}
          <code>skerry central login-link NAME</code>
        </p>
      </form>
    </main>
  );
}
