import { useMemo, useState } from 'react';
import { scoreWords } from '../store/search.ts';
import { Empty, Problem } from '../ui/bits.tsx';
import { Button } from '../ui/Button.tsx';
import { isQuiet } from '../verbs/table.ts';
import { LogTable } from './LogTable.tsx';
import { useLog } from './use-log.ts';

export function LogPage() {
  const { entries, error, hasNextPage, fetchNextPage, isPending } = useLog();
  const [text, setText] = useState('');
  const [outcome, setOutcome] = useState('all');
  const [withReads, setWithReads] = useState(false);
  const shown = useMemo(
    () =>
      entries.filter(
        (entry) =>
          (outcome === 'all' || entry.outcome === outcome) &&
          (withReads || !isQuiet(entry.verb)) &&
          scoreWords(text, `${entry.by.user} ${entry.verb} ${entry.name} ${entry.message}`) > 0,
      ),
    [entries, text, outcome, withReads],
  );
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
          onChange={(event) => setText(event.target.value)}
        />
        <div className="segments" role="group" aria-label="Outcome">
          {['all', 'done', 'failed', 'denied'].map((each) => (
            <button
              key={each}
              type="button"
              aria-pressed={outcome === each}
              onClick={() => setOutcome(each)}
            >
              {each}
            </button>
          ))}
        </div>
        <label className="check">
          <input
            type="checkbox"
            checked={withReads}
            onChange={(event) => setWithReads(event.target.checked)}
          />
          <span>Logins, and what was only read, too</span>
        </label>
      </div>
      {error && <Problem title="The log cannot be read" text={error.message} />}
      {shown.length > 0 ? (
        <section className="card">
          <LogTable entries={shown} withEntity />
        </section>
      ) : (
        !isPending && (
          <Empty icon="log" title={entries.length > 0 ? 'Nothing matches' : 'Nothing was done yet'}>
            {entries.length > 0
              ? 'Try a part of a name, or all outcomes.'
              : 'Start a machine, and its line is here.'}
          </Empty>
        )
      )}
      {hasNextPage && <Button onClick={() => void fetchNextPage()}>Show older lines</Button>}
    </div>
  );
}
