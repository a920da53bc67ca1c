import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { apiPost, pathOf } from '../api/client.ts';
import type { VerbErrorData, VmState } from '../api/types.ts';
import { useCloud } from '../store/cloud.ts';
import { isOn } from '../store/roster.ts';
import { may, permissionsFor } from '../store/state.ts';
import { Problem } from '../ui/bits.tsx';
import { Button } from '../ui/Button.tsx';
import { toast } from '../ui/toasts.ts';
import { perform } from '../verbs/perform.ts';
import { verbOf } from '../verbs/table.ts';

export function XmlTab({ vm }: { readonly vm: VmState }) {
  const [inactive, setInactive] = useState(true);
  const [draft, setDraft] = useState<string>();
  const [problem, setProblem] = useState<VerbErrorData>();
  const [busy, setBusy] = useState(false);
  const mayDefine = useCloud((state) => may(permissionsFor(state, vm.id), 'define'));
  const on = isOn(vm);
  const { data, error, refetch } = useQuery({
    queryKey: ['xml', vm.id, inactive],
    queryFn: () => apiPost<{ xml: string }>(`${pathOf(vm.id)}/xmldesc`, { inactive }),
    staleTime: 0,
  });
  const save = async (): Promise<void> => {
    const verb = verbOf('vm', 'define');
    if (!verb || draft === undefined) return;
    setBusy(true);
    const outcome = await perform({ entity: vm, verb, params: { xml: draft }, quiet: true });
    setBusy(false);
    if (!outcome.ok) return setProblem(outcome.error);
    setDraft(undefined);
    setProblem(undefined);
    toast({
      tone: 'good',
      title: vm.name,
      text: on ? 'It has the new definition from its next start on.' : 'It has the new definition.',
    });
    await refetch();
  };
  if (error) return <Problem title="The XML cannot be read" text={error.message} />;
  const lines = (draft ?? data?.xml ?? '').split('\n').length;
  return (
    <section className="card xml-card">
      <header className="card-head">
        <h2>libvirt's XML</h2>
        <div className="segments" role="group" aria-label="Which definition">
          <button type="button" aria-pressed={inactive} onClick={() => setInactive(true)}>
            From its next start
          </button>
          <button
            type="button"
            aria-pressed={!inactive}
            disabled={!on || draft !== undefined}
            onClick={() => setInactive(false)}
          >
            As it runs now
          </button>
        </div>
        <span className="spacer" />
        {draft === undefined ? (
          <Button
            icon={mayDefine ? 'edit' : 'lock'}
            off={!mayDefine || !inactive || !data}
            title={mayDefine ? 'Change the definition' : "you lack the permission 'define'"}
            onClick={() => setDraft(data?.xml ?? '')}
          >
            Edit
          </Button>
        ) : (
          <>
            <Button look="ghost" onClick={() => (setDraft(undefined), setProblem(undefined))}>
              Discard
            </Button>
            <Button
              look="primary"
              disabled={busy || draft === data?.xml}
              onClick={() => void save()}
            >
              {busy ? 'Defining…' : 'Define'}
            </Button>
          </>
        )}
      </header>
      {problem && <Problem title="libvirt did not take it" text={problem.message} />}
      {draft === undefined ? (
        <pre className="code xml-view" tabIndex={0} aria-label="XML">
          {data?.xml}
        </pre>
      ) : (
        <textarea
          className="code xml-view"
          aria-label="XML"
          spellCheck={false}
          rows={Math.min(40, lines + 2)}
          value={draft}
          onChange={(event) => setDraft(event.target.value)}
        />
      )}
    </section>
  );
}
