import { useState } from 'react';
import type { EntityState, VerbErrorData } from '../api/types.ts';
import { useObservable } from '../store/use-observable.ts';
import { Problem } from '../ui/bits.tsx';
import { Button } from '../ui/Button.tsx';
import { initialValues, toParams } from '../verbs/form-values.ts';
import { perform } from '../verbs/perform.ts';
import { menuVerbs, verbOf, verbs } from '../verbs/table.ts';
import { VerbForm } from '../verbs/VerbForm.tsx';
import { withZone, ZONE } from './with-zone.ts';

const PRESETS = [
  ['Each night', '0 3 * * *'],
  ['Each morning', '0 7 * * 1-5'],
  ['Each evening', '0 20 * * 1-5'],
  ['Each week', '0 4 * * 0'],
] as const;

export interface ScheduleFormProps {
  readonly entity: EntityState;
  readonly onDone: () => void;
}

export function ScheduleForm({ entity, onDone }: ScheduleFormProps) {
  const all = useObservable(verbs);
  const possible = menuVerbs(all, entity.kind).filter(
    ({ danger, name }) =>
      danger !== 'reads' && !name.endsWith('schedule') && !name.startsWith('permission'),
  );
  const [name, setName] = useState(possible[0]?.name ?? '');
  const [at, setAt] = useState('0 3 * * *');
  const [error, setError] = useState<VerbErrorData>();
  const chosen = possible.find((verb) => verb.name === name);
  const [values, setValues] = useState(() => (chosen ? initialValues(chosen.params) : {}));
  const submit = async (): Promise<void> => {
    const verb = verbOf(entity.kind, 'schedule');
    if (!verb || !chosen) return;
    const params = { verb: name, at: withZone(at), params: toParams(chosen.params, values) };
    const outcome = await perform({ entity, verb, params, quiet: true });
    setError(outcome.ok ? undefined : outcome.error);
    if (outcome.ok) onDone();
  };
  return (
    <section className="card">
      <header className="card-head">
        <h2>Schedule a verb</h2>
      </header>
      <form
        className="card-form"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        {error && <Problem title="It was not scheduled" text={error.message} />}
        <label className="field">
          <span>Verb</span>
          <select
            value={name}
            onChange={(event) => {
              setName(event.target.value);
              const next = possible.find((verb) => verb.name === event.target.value);
              setValues(next ? initialValues(next.params) : {});
            }}
          >
            {possible.map((verb) => (
              <option key={verb.name} value={verb.name}>
                {verb.title}
              </option>
            ))}
          </select>
        </label>
        {chosen && <VerbForm schema={chosen.params} values={values} onChange={setValues} />}
        <label className="field">
          <span>When</span>
          <input value={at} onChange={(event) => setAt(event.target.value)} required />
          <span className="hint">
            A time such as 2027-01-31T03:00, in your zone ({ZONE}); or cron, in that of central:
            minute hour day month weekday
          </span>
        </label>
        <div className="presets">
          {PRESETS.map(([label, value]) => (
            <Button key={value} look="ghost" onClick={() => setAt(value)}>
              {label}
            </Button>
          ))}
        </div>
        <Button type="submit" look="primary">
          Schedule
        </Button>
      </form>
    </section>
  );
}
