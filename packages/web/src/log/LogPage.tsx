import { Empty } from '../ui/bits.tsx';
import { useLogFilter } from './log-filter.ts';
import { LogLines } from './LogLines.tsx';
import { useLog } from './use-log.ts';

export function LogPage() {
  const { filter, change, isShown } = useLogFilter();
  const { text, outcome, withReads } = filter;
  const log = useLog({ isShown });
  return (
    <div className="content">
      <header className="page-head">
        <h1>Log</h1>
        <p className="page-lead">
          Who did what, to whom, and how it went. It grows while you look.
        </p>
      </header>
      <div className="filters">
        <input
          type="search"
          aria-label="Filter the log"
          placeholder="Filter: a person, a machine, a verb"
          value={text}
          onChange={(event) => change({ text: event.target.value })}
        />
        <div className="segments" role="group" aria-label="Outcome">
          {['all', 'done', 'failed', 'denied'].map((each) => (
            <button
              key={each}
              type="button"
              aria-pressed={outcome === each}
              onClick={() => change({ outcome: each })}
            >
              {each}
            </button>
          ))}
        </div>
        <label className="check">
          <input
            type="checkbox"
            checked={withReads}
            onChange={(event) => change({ withReads: event.target.checked })}
          />
          <span>Logins, and what was only read, too</span>
        </label>
      </div>
      <LogLines log={log} withEntity>
        <Empty icon="log" title={log.looked > 0 ? 'Nothing matches' : 'Nothing was done yet'}>
          {log.looked > 0
            ? 'Try a part of a name, or all outcomes.'
            : 'Start a machine, and its line is here.'}
        </Empty>
      </LogLines>
    </div>
  );
}
