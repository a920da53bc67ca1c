import type { VmState } from '../api/types.ts';

/** A machine's addresses, each once, those of IPv4 first. */
export function addressesOf({ nics }: Pick<VmState, 'nics'>): readonly string[] {
  const all = [...new Set(nics.flatMap((nic) => nic.addresses))];
  return all.toSorted((a, b) => Number(a.includes(':')) - Number(b.includes(':')));
}
