import { type ReactNode, useState } from 'react';
import type { VerbErrorData } from '../api/types.ts';
import { Problem } from '../ui/bits.tsx';
import { Button, type ButtonProps } from '../ui/Button.tsx';
import { Dialog } from '../ui/Dialog.tsx';

export interface FormDialogProps {
  readonly title: string;
  readonly wide?: boolean;
  /** What the button says. */
  readonly action: string;
  readonly look?: ButtonProps['look'];
  /** There is nothing to be done yet. */
  readonly off?: boolean;
  /** Does it, and says what went wrong; nothing when the dialog may go, `stays` when it shows more. */
  readonly onSubmit: () => Promise<VerbErrorData | 'stays' | undefined>;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** A form before the page: it goes when central has done what it says. */
export function FormDialog(props: FormDialogProps) {
  const { title, wide = false, action, look = 'primary', off = false } = props;
  const [error, setError] = useState<VerbErrorData>();
  const [busy, setBusy] = useState(false);
  const submit = async (): Promise<void> => {
    setBusy(true);
    setError(undefined);
    const wrong = await props.onSubmit();
    setBusy(false);
    if (wrong === undefined) props.onClose();
    else if (wrong !== 'stays') setError(wrong);
  };
  return (
    <Dialog title={title} onClose={props.onClose} wide={wide}>
      <form
        className="dialog-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (!off && !busy) void submit();
        }}
      >
        {error && (
          <Problem
            title="It was not done"
            text={error.hint ? `${error.message}. ${error.hint}` : error.message}
          />
        )}
        {props.children}
        <footer className="dialog-foot">
          <Button look="ghost" onClick={props.onClose}>
            Cancel
          </Button>
          <Button type="submit" look={look} off={off} disabled={busy}>
            {busy ? 'Doing it…' : action}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}
