import { allSettled } from '../util/all-settled.ts';
import { fetchStill } from './fetch-pin.ts';
import { keepPin } from './keep-pin.ts';
import { nestedPins, notToBeHad } from './nested-pins.ts';
import type { Network } from './network.ts';
import type { PinPush } from './push-pin.ts';
import type { PinnedComponent } from './read-superproject.ts';
import type { Refs } from './remote-refs.ts';
import type { Scratch } from './scratch.ts';
import { settleAll } from './settle.ts';

/** A pin that stays where it is. */
export interface PinToProve {
  readonly component: PinnedComponent;
  readonly pin: string;
  /** A branch of its remote that may have it. */
  readonly branch: string | undefined;
  readonly refs: Refs;
}

/** A pin that was fetched from its remote, with those of its own components. */
export interface ProvenPin {
  readonly own: PinPush;
  readonly nested: readonly PinPush[];
}

/** Proves many; all that are refused are named at once. @throws SkerryErrors */
export function proveAll(
  network: Network,
  scratch: Scratch,
  pins: readonly PinToProve[],
): Promise<ProvenPin[]> {
  return settleAll(pins, (pin) => provePin(network, scratch, pin));
}

/** A pin whose remote takes no refs of ours, with its words. */
export interface Unkept {
  readonly name: string;
  readonly reason: string;
}

/**
 * Fetches a pin, and those of its own components, which proves that `git clone --recursive` gets them.
 *
 * @throws SP_NESTED_PIN, and what runGit throws for failures that may pass
 */
async function provePin(
  network: Network,
  scratch: Scratch,
  { component, pin, branch, refs }: PinToProve,
): Promise<ProvenPin> {
  const { name: about, remote: url } = component;
  const question = { url, about, to: pin, from: undefined, refs };
  const { gitDir } = await fetchStill(network, scratch, question).catch((error: unknown) => {
    throw notToBeHad(error, about, pin, url);
  });
  const nested = await nestedPins(network, scratch, { about, url, commit: pin, gitDir });
  return { own: { url, about, pin, gitDir, branch }, nested };
}

/** Gives pins their keep refs: those of its own components first, so that a component's keep ref says that these have theirs. */
export async function keepProven(
  network: Network,
  scratch: Scratch,
  { own, nested }: ProvenPin,
  isKept = false,
): Promise<Unkept[]> {
  const keep = async (pin: PinPush): Promise<Unkept[]> => {
    const reason = await keepPin(network, scratch, pin);
    return reason === undefined ? [] : [{ name: pin.about, reason }];
  };
  const below = await allSettled(nested.map(keep));
  return [...below.flat(), ...(isKept ? [] : await keep(own))];
}
