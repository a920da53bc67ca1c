import { allSettled } from '../util/all-settled.ts';
import { formatGit } from './format-git.ts';
import { keepCommand, keepPin } from './keep-pin.ts';
import { fetchProof, nestedPins, type ProvenPin } from './nested-pins.ts';
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
export async function provePin(
  network: Network,
  scratch: Scratch,
  { component, pin, branch, refs }: PinToProve,
): Promise<ProvenPin> {
  const { name: about, remote: url } = component;
  const gitDir = await fetchProof(network, scratch, { about, url, pin, refs });
  const nested = await nestedPins(network, scratch, { about, url, commit: pin, gitDir });
  return { own: { url, about, pin, gitDir, branch }, nested };
}

/** A pin after those of its own components. */
export function allOf({ own, nested }: ProvenPin): PinPush[] {
  return [...nested.flatMap(allOf), own];
}

/** The pushes of keepProven where all is taken, in their order. What several need is there once. */
export function keepCommands(pins: readonly ProvenPin[]): string[] {
  return [...new Set(pins.flatMap(allOf).map((pin) => formatGit(keepCommand(pin))))];
}

/**
 * Gives pins their keep refs: those of its own components first, so that a component's keep ref says that these have theirs.
 * Where one of these is refused it is kept all the same, and marked: the next run looks again.
 */
export async function keepProven(
  network: Network,
  scratch: Scratch,
  { own, nested }: ProvenPin,
  isKept = false,
): Promise<Unkept[]> {
  const all = await allSettled(nested.map((pin) => keepProven(network, scratch, pin)));
  const below = all.flat();
  const isOpen = below.length > 0;
  if (isKept && !isOpen) return [];
  const { url, pin, about } = own;
  const keep = (): Promise<string | undefined> => keepPin(network, scratch, own, isOpen);
  const reason = await scratch.once(`keep ${url} ${pin} ${isOpen}`, keep);
  return reason === undefined ? below : [...below, { name: about, reason }];
}
