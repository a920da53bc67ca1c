import { useEffect, useRef, useState } from 'react';
import type { EntityState, VerbInfo } from '../api/types.ts';
import { Button } from '../ui/Button.tsx';
import { Icon } from '../ui/Icon.tsx';
import { perform, type Outcome } from './perform.ts';

export interface BulkOutcomesProps {
  readonly entities: readonly EntityState[];
  readonly verb: VerbInfo;
  readonly params: Readonly<Record<string, unknown>>;
  readonly onClose: () => void;
}

const AT_ONCE = 6;
const MOST = 200;

/** Does a verb with many, a few at a time, and shows how each went. */
export function BulkOutcomes({ entities, verb, params, onClose }: BulkOutcomesProps) {
  const [outcomes, setOutcomes] = useState<ReadonlyMap<string, Outcome>>(new Map());
  const run = async (those: readonly EntityState[]): Promise<void> => {
    const waiting = [...those];
    const worker = async (): Promise<void> => {
      for (let entity = waiting.shift(); entity; entity = waiting.shift()) {
        const { id } = entity;
        const outcome = await perform({ entity, verb, params, quiet: true });
        setOutcomes((all) => new Map(all).set(id, outcome));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  };
  const started = useRef(false);
  useEffect(() => {
    if (started.current) return;
    started.current = true;
    void run(entities);
  });
  const failed = entities.filter(({ id }) => outcomes.get(id)?.ok === false);
  const isDone = outcomes.size === entities.length;
  // Of thousands only those are of interest that were not done.
  const listed = entities.length > MOST ? failed.slice(0, MOST) : entities;
  const retry = (): void => {
    setOutcomes((all) => new Map([...all].filter(([, { ok }]) => ok)));
    void run(failed);
  };
  return (
    <>
      <p className="summary" role="status">
        {isDone
          ? `${entities.length - failed.length} of ${entities.length} done${failed.length > 0 ? `, ${failed.length} not` : ''}.`
          : `${outcomes.size} of ${entities.length}…`}
      </p>
      <ul className="outcomes">
        {listed.map(({ id, name }) => {
          const outcome = outcomes.get(id);
          return (
            <li key={id} className={outcome ? (outcome.ok ? 'good' : 'bad') : ''}>
              <Icon name={outcome ? (outcome.ok ? 'check' : 'warn') : 'more'} />
              <span className="outcome-name">{name}</span>
              <span className="outcome-text">
                {outcome && !outcome.ok
                  ? outcome.error.message
                  : outcome
                    ? 'done'
                    : (verb.pending ?? 'waiting')}
              </span>
            </li>
          );
        })}
      </ul>
      <footer className="dialog-foot">
        {isDone && failed.length > 0 && <Button onClick={retry}>Try those again</Button>}
        <Button look="primary" onClick={onClose}>
          Close
        </Button>
      </footer>
    </>
  );
}
