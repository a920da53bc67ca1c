import { Empty } from '../ui/bits.tsx';
import { useLogFilter } from './log-filter.ts';
import { LogLines } from './LogLines.tsx';
import { useLog } from './use-log.ts';

/** What was done to one machine or hypervisor. */
export function EntityLog({ id }: { readonly id: string }) {
  const { filter, change, isShown } = useLogFilter();
  const log = useLog({ entity: id, isShown });
  return (
    <>
      <label className="check">
        <input
          type="checkbox"
          checked={filter.withReads}
          onChange={(event) => change({ withReads: event.target.checked })}
        />
        <span>What was only read, too</span>
      </label>
      <LogLines log={log} withEntity={false}>
        <Empty icon="log" title="Nothing was done to it yet">
          Each verb leaves a line here: who, when, and how it went.
        </Empty>
      </LogLines>
    </>
  );
}
