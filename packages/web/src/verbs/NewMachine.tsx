// A new machine: the form of `alloc`, on the hypervisor where there is most room, or another one.
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useEffect, useMemo, useRef, useState } from 'react';
import { apiGet } from '../api/client.ts';
import type { Place } from '../api/types.ts';
import { PlaceList } from '../migrate/PlaceList.tsx';
import { openEntity } from '../shell/navigation.ts';
import { cloud, useCloud } from '../store/cloud.ts';
import { type CloudState, hypervisorOf, may, permissionsFor } from '../store/state.ts';
import { type MachineDraft, machineDraft, newMachine, sshKeysOf } from '../store/ui.ts';
import { useObservable } from '../store/use-observable.ts';
import { Empty, Problem } from '../ui/bits.tsx';
import { Button } from '../ui/Button.tsx';
import { Dialog } from '../ui/Dialog.tsx';
import { toast } from '../ui/toasts.ts';
import { ImagePicker } from './ImagePicker.tsx';
import { initialValues, toParams } from './form-values.ts';
import { perform } from './perform.ts';
import { verbs } from './table.ts';
import { VerbForm } from './VerbForm.tsx';

export function NewMachine({ hypervisor }: { readonly hypervisor?: string }) {
  const verb = useObservable(verbs, (all) => all.find((each) => each.name === 'alloc'));
  const user = useCloud((state) => state.user);
  const initial = useMemo(() => {
    const given = { sshKeys: sshKeysOf.get()[user ?? ''] };
    return verb ? initialValues(verb.params, given) : {};
  }, [verb, user]);
  const begun = useObservable(machineDraft);
  const [hadBegun] = useState(begun !== null && !begun.error);
  const draft = begun ?? { values: initial, byXml: false, chosen: hypervisor ?? '' };
  const { values, byXml, chosen, error } = draft;
  // What was wrong with it before is not said of what it is now.
  const change = (part: Partial<MachineDraft>): void =>
    machineDraft.set({ values, byXml, chosen, ...part });
  const [busy, setBusy] = useState(false);
  const isOpen = useRef(true);
  useEffect(() => {
    isOpen.current = true;
    return () => void (isOpen.current = false);
  }, []);
  const needs = useMemo(() => needsOf(values, byXml), [values, byXml]);
  const { data } = useQuery({
    queryKey: ['places', needs],
    queryFn: () => apiGet<Place[]>(`places?${needs}`),
    placeholderData: (before) => before,
    staleTime: 0,
  });
  useCloud((each) => each.permissionSets);
  useCloud((each) => each.setOf);
  const state = cloud.get();
  const places = data?.flatMap((each) => allowedPlace(state, each));
  const best = places?.find(({ possible }) => possible)?.hypervisor ?? '';
  const isChosenGood = places?.some((each) => each.hypervisor === chosen && each.possible) ?? true;
  const place = chosen && isChosenGood ? chosen : best;
  const host = useCloud((state) => hypervisorOf(state, place));
  const close = (): void => {
    // What is on its way has its own copy.
    if (busy) machineDraft.set(null);
    newMachine.set(null);
  };
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (!host || !verb || busy) return;
    const all = toParams(verb.params, values);
    const params = byXml
      ? { xml: values['xml'], start: values['start'] }
      : { ...all, xml: undefined };
    const asked = { values, byXml, chosen };
    machineDraft.set(asked);
    setBusy(true);
    const outcome = await perform({ entity: host, verb, params, quiet: true });
    // Whoever is here now is somebody else, perhaps.
    if (cloud.get().user !== state.user) return;
    setBusy(false);
    const isShown = isOpen.current;
    if (outcome.ok) {
      if (!byXml && state.user) rememberKeys(state.user, String(values['sshKeys'] ?? ''));
      const { uuid, name } = outcome.result as { uuid: string; name: string };
      if (isShown) {
        machineDraft.set(null);
        newMachine.set(null);
      }
      toast({
        tone: 'good',
        title: name,
        text: `It is on ${host.name}.`,
        action: { label: 'Open', run: () => openEntity(`vm:${uuid}`) },
      });
      return;
    }
    const refused = { ...asked, error: outcome.error };
    if (isShown) return machineDraft.set(refused);
    const again = (): void => {
      machineDraft.set(refused);
      newMachine.set({ hypervisor: place });
    };
    toast({
      tone: 'bad',
      title: 'New machine',
      text: outcome.error.message,
      action: { label: 'Change and try again', run: again },
    });
  };
  if (!verb)
    return (
      <Dialog title="New machine" onClose={close}>
        <Empty icon="server" title="Central did not say how yet">
          Wait for the connection, and open this again.
        </Empty>
      </Dialog>
    );
  return (
    <Dialog title="New machine" onClose={close} wide>
      <form className="dialog-form new-machine" onSubmit={(event) => void submit(event)}>
        <div className="segments" role="group" aria-label="Made from">
          <button
            type="button"
            aria-pressed={!byXml}
            disabled={busy}
            onClick={() => change({ byXml: false })}
          >
            From an image
          </button>
          <button
            type="button"
            aria-pressed={byXml}
            disabled={busy}
            onClick={() => change({ byXml: true })}
          >
            From XML
          </button>
        </div>
        {hadBegun && begun && !busy && (
          <p className="quiet">
            This is what you had begun.{' '}
            <button type="button" className="text-button" onClick={() => machineDraft.set(null)}>
              Begin anew
            </button>
          </p>
        )}
        {error && !busy && <Problem title="It was not made" text={error.message} />}
        <fieldset className="new-columns" disabled={busy}>
          <div className="new-fields">
            {!byXml && (
              <ImagePicker
                hypervisor={place}
                value={String(values['image'] ?? '')}
                onChange={(image) => change({ values: { ...values, image } })}
              />
            )}
            <VerbForm
              schema={verb.params}
              values={values}
              onChange={(next) => change({ values: next })}
              error={error}
              choices={{ network: host?.networks.map(({ name }) => name) ?? [] }}
              without={
                byXml
                  ? Object.keys(values).filter((name) => name !== 'xml' && name !== 'start')
                  : ['xml', 'image']
              }
            />
          </div>
          <div className="new-place">
            <h3>Where</h3>
            <p className="quiet">
              The place with most points is taken, unless you choose another one.
            </p>
            {places?.length === 0 && <p className="quiet">No hypervisor has joined yet.</p>}
            <PlaceList
              places={places ?? []}
              chosen={place}
              onChoose={(next) => change({ chosen: next })}
              name="place"
            />
          </div>
        </fieldset>
        <footer className="dialog-foot">
          {busy && (
            <p className="quiet" role="status">
              It is being made. It goes on when you close this.
            </p>
          )}
          <Button
            look="ghost"
            onClick={() => {
              machineDraft.set(null);
              newMachine.set(null);
            }}
          >
            {busy ? 'Close' : 'Cancel'}
          </Button>
          <Button type="submit" look="primary" off={!place} disabled={busy}>
            {busy ? 'Making it…' : place ? `Make it on ${place}` : 'It fits nowhere'}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}

/** The next machine is for the same people, most often. */
function rememberKeys(user: string, keys: string): void {
  sshKeysOf.update((all) => ({ ...all, [user]: keys }));
}

/** A place that one may not make machines at is none; one that one does not see is not spoken of. */
function allowedPlace(state: CloudState, place: Place): Place[] {
  const id = `hypervisor:${place.hypervisor}`;
  if (!state.entities.has(id)) return [];
  if (may(permissionsFor(state, id), 'alloc')) return [place];
  return [{ ...place, possible: false, score: 0, reasons: ["you lack the permission 'alloc'"] }];
}

function needsOf(values: Readonly<Record<string, string | boolean>>, byXml: boolean): string {
  if (byXml) return '';
  const text = (name: string): string => String(values[name] ?? '').trim();
  return new URLSearchParams({
    memoryMiB: text('memoryMiB') || '512',
    vcpus: text('vcpus') || '1',
    networks: text('network'),
    tags: text('tags')
      .split(/[\s,]+/)
      .join(','),
  }).toString();
}
