// What a screen asks for before it is shown. It goes to the screen alone, and is kept nowhere.
import { Button } from '../ui/Button.tsx';

export interface ScreenPasswordProps {
  /** `username`, `password`, `target`: as noVNC names them. */
  readonly types: readonly string[];
  /** The one before was not right. */
  readonly wasWrong: boolean;
  readonly onGiven: (given: Readonly<Record<string, string>>) => void;
}

const LABELS: Readonly<Record<string, string>> = { username: 'User', target: 'Target' };

export function ScreenPassword({ types, wasWrong, onGiven }: ScreenPasswordProps) {
  return (
    <form
      className="console-closed"
      autoComplete="off"
      onSubmit={(event) => {
        event.preventDefault();
        const given = new FormData(event.currentTarget);
        onGiven(
          Object.fromEntries(
            types.map((type) => {
              const value = given.get(type);
              return [type, typeof value === 'string' ? value : ''];
            }),
          ),
        );
      }}
    >
      <strong>The screen has a password</strong>
      <p role={wasWrong ? 'alert' : undefined}>
        {wasWrong
          ? 'The screen did not take that. Try again.'
          : 'It is in the definition of the machine. It is not kept here.'}
      </p>
      {types.map((type, at) => (
        <label key={type} className="field">
          <span>{LABELS[type] ?? 'Password'}</span>
          <input
            name={type}
            type={type === 'password' ? 'password' : 'text'}
            autoComplete="off"
            autoFocus={at === 0}
            required
          />
        </label>
      ))}
      <Button type="submit" look="primary">
        Show the screen
      </Button>
    </form>
  );
}
