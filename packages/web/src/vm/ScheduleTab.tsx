import { useQuery } from '@tanstack/react-query';
import { apiPost, errorData, pathOf } from '../api/client.ts';
import type { EntityState } from '../api/types.ts';
import { useCloud } from '../store/cloud.ts';
import { lastChangeOf } from '../store/last-change.ts';
import { Empty, Problem } from '../ui/bits.tsx';
import { Button } from '../ui/Button.tsx';
import { perform } from '../verbs/perform.ts';
import { ScheduleForm } from './ScheduleForm.tsx';
import { verbOf } from '../verbs/table.ts';
import { Table } from '../ui/Table.tsx';

interface Jobs {
  readonly jobs: readonly {
    readonly job: string;
    readonly verb: string;
    readonly at: string;
    readonly next: string;
    readonly by: string;
    readonly last: string;
  }[];
}

export function ScheduleTab({ entity }: { readonly entity: EntityState }) {
  // Each verb that was done may be one that was scheduled; what only reads is none, and asking is reading.
  const done = useCloud((state) => lastChangeOf(state, entity.id));
  const { data, error, refetch } = useQuery({
    queryKey: ['jobs', entity.id, done],
    queryFn: () => apiPost<Jobs>(`${pathOf(entity.id)}/jobs`),
    placeholderData: (before) => before,
    staleTime: 0,
  });
  const unschedule = async (job: string): Promise<void> => {
    const verb = verbOf(entity.kind, 'unschedule');
    if (verb) await perform({ entity, verb, params: { job } });
    await refetch();
  };
  if (error) return <Problem title="The schedule cannot be read" text={errorData(error).message} />;
  const jobs = data?.jobs ?? [];
  return (
    <div className="two-columns">
      <section className="card">
        <header className="card-head">
          <h2>What is to be done</h2>
        </header>
        {jobs.length === 0 ? (
          <Empty icon="clock" title="Nothing is scheduled">
            Start it each morning, or take a snapshot each night: choose a verb and a time.
          </Empty>
        ) : (
          <Table columns={['Verb', 'When', 'Next', 'By', 'Last time', null]}>
            {jobs.map(({ job, verb, at, next, by, last }) => (
              <tr key={job}>
                <th scope="row">{verbOf(entity.kind, verb)?.title ?? verb}</th>
                <td>
                  <code>{at}</code>
                </td>
                <td>{next ? new Date(next).toLocaleString() : 'done'}</td>
                <td>{by}</td>
                <td>{last}</td>
                <td className="row-verbs">
                  <Button
                    look="ghost"
                    icon="trash"
                    label="Unschedule"
                    onClick={() => void unschedule(job)}
                  />
                </td>
              </tr>
            ))}
          </Table>
        )}
      </section>
      <ScheduleForm entity={entity} onDone={() => void refetch()} />
    </div>
  );
}
