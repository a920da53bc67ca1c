// Which lines of the log one wants to see.
import { useMemo, useState } from 'react';
import type { AuditEntry } from '../api/types.ts';
import { isQuiet, useVerbs, verbOf } from '../verbs/table.ts';

export interface LogFilter {
  readonly text: string;
  /** `all`, or one of them. */
  readonly outcome: string;
  /** Also logins, and what was only read. */
  readonly withReads: boolean;
}

/** Each word must be there as it is typed: what a log leaves out was not done. */
export function isEntryShown(entry: AuditEntry, { text, outcome, withReads }: LogFilter): boolean {
  if (outcome !== 'all' && entry.outcome !== outcome) return false;
  if (!withReads && isQuiet(entry.verb)) return false;
  const { by, verb, name, message } = entry;
  const words = `${by.user} ${by.via} ${verb} ${titleOf(entry)} ${name} ${message}`.toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => words.includes(word));
}

/** A filter that changes, and the question that it is. */
export function useLogFilter() {
  const table = useVerbs();
  const [filter, setFilter] = useState<LogFilter>({ text: '', outcome: 'all', withReads: false });
  const isShown = useMemo(
    () => (entry: AuditEntry) => isEntryShown(entry, filter),
    // The table says what only reads.
    [filter, table],
  );
  const change = (part: Partial<LogFilter>): void => setFilter({ ...filter, ...part });
  return { filter, change, isShown };
}

export function titleOf({ entity, verb }: AuditEntry): string {
  if (verb === 'login') return 'Logged in';
  return verbOf(entity.split(':')[0] ?? '', verb)?.title ?? verb;
}
