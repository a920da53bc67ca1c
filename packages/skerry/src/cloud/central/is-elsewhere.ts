import { vmId } from '../entity.ts';
import type { Central } from './central.ts';

/**
 * Whether a machine is parked, or on another hypervisor than this one, too: a uuid is one machine's in the whole cloud, and
 * so are the grants for it.
 */
export function isElsewhere(
  { registry, parking }: Pick<Central, 'registry' | 'parking'>,
  uuid: string,
  here: string,
): boolean {
  return (
    registry.claimants(vmId(uuid)).some((hypervisor) => hypervisor !== here) ||
    parking.get(uuid) !== undefined
  );
}
