import { useInfiniteQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { apiGet } from '../api/client.ts';
import type { AuditEntry } from '../api/types.ts';
import { useCloud } from '../store/cloud.ts';

const PAGE = 100;

/** The log: what central has kept, and what is done while one looks. */
export function useLog(entity?: string) {
  const fresh = useCloud((state) => state.log);
  const query = useInfiniteQuery({
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
    const all = [...mine, ...(query.data?.pages.flat() ?? [])];
    return [...new Map(all.map((entry) => [entry.id, entry])).values()].toSorted(
      (a, b) => b.at - a.at,
    );
  }, [fresh, query.data, entity]);
  return { ...query, entries };
}
