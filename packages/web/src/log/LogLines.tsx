import type { ReactNode } from 'react';
import { Problem } from '../ui/bits.tsx';
import { Button } from '../ui/Button.tsx';
import { LogTable } from './LogTable.tsx';
import type { useLog } from './use-log.ts';

export interface LogLinesProps {
  readonly log: ReturnType<typeof useLog>;
  readonly withEntity: boolean;
  /** What is said where there are none. */
  readonly children: ReactNode;
}

/** The lines that were found, and the way to older ones. */
export function LogLines({ log, withEntity, children }: LogLinesProps) {
  const { found, looked, lookedTo, error, looks, hasMore, showMore } = log;
  return (
    <>
      {error && <Problem title="The log cannot be read" text={error.message} />}
      {found.length > 0 && (
        <section className="card">
          <LogTable entries={found} withEntity={withEntity} />
        </section>
      )}
      {found.length === 0 && !looks && !error && !hasMore && children}
      {looks && looked > 0 && (
        <p className="quiet" role="status">
          Looking through older lines…
        </p>
      )}
      {!looks && hasMore && (
        <p className="log-more">
          <Button onClick={showMore}>Show older lines</Button>
          {lookedTo !== undefined && found.length < looked && (
            <span className="quiet">
              All since {new Date(lookedTo).toLocaleString()} were looked at: {looked} lines.
            </span>
          )}
        </p>
      )}
    </>
  );
}
