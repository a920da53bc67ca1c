import { useState } from 'react';
import type { Parked, VerbErrorData, VerbInfo } from '../api/types.ts';
import { Problem } from '../ui/bits.tsx';
import { Button } from '../ui/Button.tsx';
import { Dialog } from '../ui/Dialog.tsx';
import { toast } from '../ui/toasts.ts';
import { performCentral } from '../verbs/perform.ts';
import { TypedName } from '../ui/TypedName.tsx';

export interface DeleteParkedDialogProps {
  readonly parked: Parked;
  readonly verb: VerbInfo;
  readonly onClose: () => void;
}

export function DeleteParkedDialog({ parked, verb, onClose }: DeleteParkedDialogProps) {
  const [typed, setTyped] = useState('');
  const [error, setError] = useState<VerbErrorData>();
  const [busy, setBusy] = useState(false);
  const isUnsure = typed !== parked.name;
  const submit = async (): Promise<void> => {
    if (isUnsure) return;
    setBusy(true);
    const outcome = await performCentral(verb, { machine: parked.uuid });
    setBusy(false);
    if (!outcome.ok) return setError(outcome.error);
    toast({ tone: 'good', title: parked.name, text: 'Its definition is deleted.' });
    onClose();
  };
  return (
    <Dialog title={`${verb.title}: ${parked.name}`} onClose={onClose}>
      <form
        className="dialog-form"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <p className="summary">
          Central forgets its definition, and it cannot come back. Its disks stay on{' '}
          {parked.hypervisor}, unless they are shared.
        </p>
        {error && <Problem title="It was not deleted" text={error.message} />}
        <TypedName name={parked.name} value={typed} onChange={setTyped} />
        <footer className="dialog-foot">
          <Button look="ghost" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" look="danger" off={isUnsure} disabled={busy}>
            {busy ? 'Doing it…' : 'Delete'}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}
