import { useQuery } from '@tanstack/react-query';
import { apiGet } from '../api/client.ts';
import type { Me } from '../api/types.ts';

/** Who is logged in; undefined until central has said so. */
export function useMe(): Me | undefined {
  return useQuery({ queryKey: ['me'], queryFn: () => apiGet<Me>('me'), staleTime: 60_000 }).data;
}
