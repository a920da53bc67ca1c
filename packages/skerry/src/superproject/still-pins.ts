import { SkerryError } from '../util/errors.ts';
import type { Collection } from './collect.ts';
import type { Network } from './network.ts';
import type { PinToProve, Unkept } from './prove-pin.ts';
import type { PinnedComponent } from './read-superproject.ts';
import { listRefs } from './remote-refs.ts';
import { settle } from './settle.ts';
import { isProven, pinRefs, policyOf, trackedBranch } from './tracked.ts';

interface Still {
  /** Those that are not proven by a keep ref, which nobody has proven yet. */
  readonly open: readonly PinToProve[];
  /** Those whose remote does not answer: they do not move, so what is published needs no more of it than before. */
  readonly unread: readonly Unkept[];
  readonly errors: readonly SkerryError[];
}

/**
 * Pins that are published though their branches were not collected: of frozen components, and of those that were not to
 * move. One connection each, to see whether they have their keep refs. Only where the remote is gone, or answers and has
 * not the pin, is it refused.
 */
export async function readStill(
  network: Network,
  components: readonly PinnedComponent[],
  { tips, kept }: Pick<Collection, 'tips' | 'kept'>,
): Promise<Still> {
  const unread: Unkept[] = kept
    .filter(({ reason }) => reason === 'unreadable')
    .map(({ component: { name }, detail = '' }) => ({ name, reason: detail }));
  const known = new Set([...tips.map(({ component }) => component.name), ...unread.map(nameOf)]);
  const still = components.filter(({ name, pin }) => pin !== undefined && !known.has(name));
  const { results, errors } = await settle(still, async (component): Promise<PinToProve[]> => {
    const { name, remote, pin = '' } = component;
    try {
      const { refs } = await listRefs(network, remote, pinRefs(pin), name);
      if (isProven(refs, pin)) return [];
      return [{ component, pin, branch: trackedBranch(component, undefined), refs }];
    } catch (error) {
      if (!(error instanceof SkerryError) || isGone(component, error)) throw error;
      unread.push({ name, reason: error.message });
      return [];
    }
  });
  return { open: results.flat(), unread, errors };
}

/** Where the host answers that there is no such repository, the pin is not to be had. */
function isGone(component: PinnedComponent, { code }: SkerryError): boolean {
  return code === 'SP_REPOSITORY_MISSING' && policyOf(component) !== 'keep-previous';
}

function nameOf({ name }: Unkept): string {
  return name;
}
