// What is asked before a verb is done: its parameters, and whether one means it. For many machines it shows each outcome.
import { useState } from 'react';
import type { EntityState, VerbErrorData, VerbInfo } from '../api/types.ts';
import { cloud } from '../store/cloud.ts';
import { type Question, question } from '../store/ui.ts';
import { useObservable } from '../store/use-observable.ts';
import { Problem } from '../ui/bits.tsx';
import { Button } from '../ui/Button.tsx';
import { Dialog } from '../ui/Dialog.tsx';
import { BulkOutcomes } from './BulkOutcomes.tsx';
import { initialValues, toParams } from './form-values.ts';
import { MigrateFields } from './MigrateFields.tsx';
import { perform } from './perform.ts';
import { isRows, tell } from './request.ts';
import { isDangerous, needsParams, verbs } from './table.ts';
import { VerbForm } from './VerbForm.tsx';
import { useChoices } from './use-choices.ts';
import { TypedName } from '../ui/TypedName.tsx';

export function QuestionDialog() {
  const asked = useObservable(question);
  const all = useObservable(verbs);
  if (!asked) return null;
  const entities = asked.entities.flatMap((id) => cloud.get().entities.get(id) ?? []);
  const [first] = entities;
  const verb = all.find((each) => each.entity === first?.kind && each.name === asked.verb);
  if (!first || !verb) return null;
  return (
    <Asking
      key={`${verb.name} ${asked.entities.join(' ')}`}
      asked={asked}
      entities={entities}
      verb={verb}
    />
  );
}

interface AskingProps {
  readonly asked: Question;
  readonly entities: readonly EntityState[];
  readonly verb: VerbInfo;
}

function Asking({ asked, entities, verb }: AskingProps) {
  const [values, setValues] = useState(() => initialValues(verb.params, asked.params));
  const [typed, setTyped] = useState('');
  const [error, setError] = useState<VerbErrorData>();
  const [busy, setBusy] = useState(false);
  const [doing, setDoing] = useState<Record<string, unknown>>();
  const choices = useChoices(entities[0], verb);
  const close = (): void => question.set(null);
  const [first] = entities;
  if (!first) return null;
  const isMany = entities.length > 1;
  const whom = isMany ? `${entities.length} machines` : first.name;
  // What destroys a whole machine wants its name; what destroys a part of it was named already.
  const wantsName = verb.danger === 'destroys' && !needsParams(verb);
  const phrase = isMany ? String(entities.length) : first.name;
  const lacksPlace = verb.name === 'migrate' && (values['target'] ?? '') === '';
  const isUnsure = (wantsName && typed !== phrase) || lacksPlace;
  const submit = async (): Promise<void> => {
    const params = toParams(verb.params, values);
    if (isMany) return setDoing(params);
    setBusy(true);
    setError(undefined);
    // What takes long is followed in the tasks: nobody has to wait before a dialog.
    const done = perform({ entity: first, verb, params, quiet: !verb.slow });
    if (verb.slow) {
      close();
      const { ok, ...rest } = await done;
      if (ok && 'result' in rest && hasList(rest.result)) tell(first, verb, rest.result);
      return;
    }
    const outcome = await done;
    setBusy(false);
    if (outcome.ok) close();
    else setError(outcome.error);
  };
  const look = verb.danger === 'destroys' ? 'danger' : 'primary';
  return (
    <Dialog title={`${verb.title}: ${whom}`} onClose={close}>
      {doing ? (
        <BulkOutcomes entities={entities} verb={verb} params={doing} onClose={close} />
      ) : (
        <form
          className="dialog-form"
          onSubmit={(event) => {
            event.preventDefault();
            if (!isUnsure) void submit();
          }}
        >
          <p className="summary">{sentence(verb.summary)}</p>
          {error && <Problem title="It was not done" text={error.message} />}
          {verb.name === 'migrate' && first.kind === 'vm' ? (
            <MigrateFields
              vm={first}
              target={String(values['target'] ?? '')}
              onChange={(target) => setValues({ target })}
            />
          ) : (
            <VerbForm
              schema={verb.params}
              values={values}
              onChange={setValues}
              error={error}
              choices={choices}
            />
          )}
          {wantsName && <TypedName name={phrase} value={typed} onChange={setTyped} />}
          <footer className="dialog-foot">
            <Button look="ghost" onClick={close} data-autofocus={isDangerous(verb) || undefined}>
              Cancel
            </Button>
            <Button
              type="submit"
              look={look}
              off={isUnsure}
              disabled={busy}
              title={lacksPlace ? 'Choose where to first' : undefined}
              data-autofocus
            >
              {busy ? 'Doing it…' : verb.title}
            </Button>
          </footer>
        </form>
      )}
    </Dialog>
  );
}

/** What is more than that it is done. */
function hasList(result: unknown): boolean {
  return Object.values((result ?? {}) as Record<string, unknown>).some(isRows);
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}
