import { useInfiniteQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import { apiGet } from '../api/client.ts';
import type { AuditEntry } from '../api/types.ts';
import { useCloud } from '../store/cloud.ts';

const PAGE = 100;
/** How many lines are looked through before somebody is asked whether to look on. */
const LOOK = 5000;

export interface LogQuery {
  /** Only what was done to this one. */
  readonly entity?: string;
  /** Which lines are shown; another function means another question. */
  readonly isShown: (entry: AuditEntry) => boolean;
}

/** The log: what central has kept, and what is done while one looks. Older lines are read until enough can be shown. */
export function useLog({ entity, isShown }: LogQuery) {
  const fresh = useCloud((state) => state.log);
  const { data, error, hasNextPage, fetchNextPage, isFetching, isPending } = useInfiniteQuery({
    queryKey: ['log', entity],
    initialPageParam: 0,
    queryFn: ({ pageParam }) => {
      const wanted = new URLSearchParams({
        limit: String(PAGE),
        ...(entity && { entity }),
        ...(pageParam > 0 && { before: String(pageParam) }),
      });
      return apiGet<AuditEntry[]>(`audit?${wanted}`);
    },
    getNextPageParam: (last) => (last.length < PAGE ? undefined : last.at(-1)?.at),
    staleTime: 0,
  });
  const entries = useMemo(() => {
    const mine = entity === undefined ? fresh : fresh.filter((each) => each.entity === entity);
    const all = [...mine, ...(data?.pages.flat() ?? [])];
    return [...new Map(all.map((entry) => [entry.id, entry])).values()].toSorted(
      (a, b) => b.at - a.at,
    );
  }, [fresh, data, entity]);
  const found = useMemo(() => entries.filter(isShown), [entries, isShown]);
  const [goal, setGoal] = useState({ isShown, rows: PAGE, lines: LOOK });
  // Another question begins anew.
  const { rows, lines } = goal.isShown === isShown ? goal : { rows: PAGE, lines: LOOK };
  const looks = hasNextPage && !error && found.length < rows && entries.length < lines;
  useEffect(() => {
    if (looks && !isFetching) void fetchNextPage();
  }, [looks, isFetching, fetchNextPage]);
  return {
    found: found.slice(0, rows),
    looked: entries.length,
    /** The moment of the oldest line that was looked at. */
    lookedTo: entries.at(-1)?.at,
    error,
    looks: isPending || looks,
    hasMore: hasNextPage || found.length > rows,
    showMore: () => {
      setGoal({ isShown, rows: rows + PAGE, lines: entries.length + LOOK });
      if (error) void fetchNextPage();
    },
  };
}
