import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { apiGet } from '../api/client.ts';
import type { Parked, Place, VerbErrorData, VerbInfo } from '../api/types.ts';
import { PlaceList } from '../migrate/PlaceList.tsx';
import { useCloud } from '../store/cloud.ts';
import { type CloudState, hypervisorOf } from '../store/state.ts';
import { Problem } from '../ui/bits.tsx';
import { Button } from '../ui/Button.tsx';
import { Dialog } from '../ui/Dialog.tsx';
import { toast } from '../ui/toasts.ts';
import { initialValues, toParams } from '../verbs/form-values.ts';
import { performCentral } from '../verbs/perform.ts';
import { VerbForm } from '../verbs/VerbForm.tsx';

export interface UnparkDialogProps {
  readonly parked: Parked;
  readonly verb: VerbInfo;
  readonly onClose: () => void;
}

export function UnparkDialog({ parked, verb, onClose }: UnparkDialogProps) {
  const [values, setValues] = useState(() => initialValues(verb.params, { machine: parked.uuid }));
  const [error, setError] = useState<VerbErrorData>();
  const [busy, setBusy] = useState(false);
  // Only then there is something to insist on.
  const doubts = useCloud((state) =>
    parked.doubts.filter((name) => !isKnown(state, name)).join(' or '),
  );
  const isDoubtful = doubts !== '';
  const { data: places = [] } = useQuery({
    queryKey: ['parked', parked.uuid, 'places'],
    queryFn: ({ signal }) => apiGet<Place[]>(`parked/${parked.uuid}/places`, signal),
    staleTime: 0,
  });
  // What central takes when it is not told.
  const possible = places.filter((place) => place.possible).map(({ hypervisor }) => hypervisor);
  const usual = possible.includes(parked.hypervisor) ? parked.hypervisor : (possible[0] ?? '');
  const hypervisor = values['hypervisor'] || usual;
  const submit = async (): Promise<void> => {
    setBusy(true);
    const outcome = await performCentral(verb, toParams(verb.params, { ...values, hypervisor }));
    setBusy(false);
    if (!outcome.ok) return setError(outcome.error);
    const back = outcome.result as { hypervisor: string };
    toast({ tone: 'good', title: parked.name, text: `It is back, on ${back.hypervisor}.` });
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
        <p className="summary">Its disks are on {parked.hypervisor}, unless they are shared.</p>
        {isDoubtful && (
          <p>
            It may be on {doubts} still, which does not tell at the moment: there would be two of
            it.
          </p>
        )}
        {error && <Problem title="It was not brought back" text={error.message} />}
        <VerbForm
          schema={verb.params}
          values={values}
          onChange={setValues}
          error={error}
          without={['machine', 'hypervisor', ...(isDoubtful ? [] : ['force'])]}
        />
        <PlaceList
          places={places}
          chosen={String(hypervisor)}
          onChoose={(next) => setValues({ ...values, hypervisor: next })}
          name="place"
          isFree
        />
        <footer className="dialog-foot">
          <Button look="ghost" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" look="primary" disabled={busy}>
            {busy ? 'Doing it…' : verb.title}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}

/** Whether one would know of a machine that is there. */
function isKnown(state: CloudState, hypervisor: string): boolean {
  const isLost = hypervisorOf(state, hypervisor)?.libvirt === 'lost';
  return state.lamps.get(hypervisor)?.live === true && !isLost;
}
