import { Empty, Problem } from '../ui/bits.tsx';
import { Button } from '../ui/Button.tsx';
import { LogTable } from './LogTable.tsx';
import { useLog } from './use-log.ts';

/** What was done to one machine or hypervisor. */
export function EntityLog({ id }: { readonly id: string }) {
  const { entries, error, hasNextPage, fetchNextPage, isPending } = useLog(id);
  if (error) return <Problem title="The log cannot be read" text={error.message} />;
  if (entries.length === 0)
    return isPending ? null : (
      <Empty icon="log" title="Nothing was done to it yet">
        Each verb leaves a line here: who, when, and how it went.
      </Empty>
    );
  return (
    <>
      <section className="card">
        <LogTable entries={entries} withEntity={false} />
      </section>
      {hasNextPage && <Button onClick={() => void fetchNextPage()}>Show older lines</Button>}
    </>
  );
}
