import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { apiPost, errorData } from '../api/client.ts';
import type { VerbErrorData } from '../api/types.ts';
import { Problem } from '../ui/bits.tsx';
import { Button } from '../ui/Button.tsx';
import { count } from '../ui/format.ts';
import { toast } from '../ui/toasts.ts';

/** One's own password; the old one is asked for. */
export function PasswordCard({ hasPassword }: { readonly hasPassword: boolean }) {
  const queries = useQueryClient();
  const [oldPassword, setOld] = useState('');
  const [password, setNew] = useState('');
  const [error, setError] = useState<VerbErrorData>();
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      const { sessions } = await apiPost<{ readonly sessions: number }>('central/password_set', {
        ...(hasPassword && { oldPassword }),
        password,
      });
      setOld('');
      setNew('');
      toast({
        tone: 'good',
        title: 'Your password is set',
        text:
          sessions === 0
            ? 'You were logged in only here.'
            : `${count(sessions, 'other session')} ended.`,
      });
      await queries.invalidateQueries({ queryKey: ['me'] });
    } catch (thrown) {
      setError(errorData(thrown));
    }
    setBusy(false);
  };
  return (
    <section className="card">
      <header className="card-head">
        <h2>Password</h2>
        <span className="quiet">
          {hasPassword ? 'Your other sessions end; tokens stay' : 'You have none: links log you in'}
        </span>
      </header>
      <form className="card-form" onSubmit={(event) => void submit(event)}>
        {error && <Problem title="It was not set" text={wordsOf(error)} />}
        {hasPassword && (
          <label className="field">
            <span>Old password</span>
            <input
              type="password"
              value={oldPassword}
              required
              autoComplete="current-password"
              aria-invalid={error?.fields?.some(({ path }) => path === 'oldPassword') || undefined}
              onChange={(event) => setOld(event.target.value)}
            />
          </label>
        )}
        <label className="field">
          <span>New password</span>
          <input
            type="password"
            value={password}
            required
            minLength={10}
            autoComplete="new-password"
            onChange={(event) => setNew(event.target.value)}
          />
          <span className="hint">At least 10 characters</span>
        </label>
        <Button type="submit" look="primary" disabled={busy}>
          {busy ? 'Setting it…' : 'Set it'}
        </Button>
      </form>
    </section>
  );
}

function wordsOf({ message, hint }: VerbErrorData): string {
  return hint ? `${message}: ${hint}` : message;
}
