import { SkerryError } from '../util/errors.ts';
import { allSettled } from '../util/all-settled.ts';
import { fetchStill, hasComponents } from './fetch-pin.ts';
import type { Network } from './network.ts';
import { readComponents } from './read-superproject.ts';
import type { PinPush } from './push-pin.ts';
import type { Scratch } from './scratch.ts';
import { trackedBranch } from './tracked.ts';

/** A commit of a component, and the repository that has it. */
interface Carrier {
  readonly about: string;
  readonly url: string;
  readonly commit: string;
  readonly gitDir: string;
}

/** More levels than this are a circle. */
const DEEPEST = 8;

/**
 * The pins that a commit of a component has itself, and those of their commits, each fetched from its remote, which proves
 * that `git clone --recursive` gets it.
 *
 * @throws SP_NESTED_PIN, SP_GITMODULES_INVALID, and what runGit throws for failures that may pass
 */
export async function nestedPins(
  network: Network,
  scratch: Scratch,
  { about, url, commit, gitDir }: Carrier,
  level = 1,
): Promise<PinPush[]> {
  if (level > DEEPEST || !(await hasComponents(gitDir, commit))) return [];
  const components = await readComponents(network, scratch, { about, url, commit, gitDir });
  const found = await allSettled(
    components.map(async (component): Promise<PinPush[]> => {
      const { path, remote, pin } = component;
      if (pin === undefined) return [];
      const within = `${about}/${path}`;
      const question = { url: remote, about: within, to: pin, from: undefined, refs: new Map() };
      const fetched = await fetchStill(network, scratch, question).catch((error: unknown) => {
        throw notToBeHad(error, within, pin, remote);
      });
      const push = { url: remote, about: within, pin, gitDir: fetched.gitDir };
      const carrier = { about: within, url: remote, commit: pin, gitDir: fetched.gitDir };
      const deeper = await nestedPins(network, scratch, carrier, level + 1);
      return [{ ...push, branch: trackedBranch(component, undefined) }, ...deeper];
    }),
  );
  return found.flat();
}

/** What git says of a commit that its remote does not give out, as a refusal. */
export function notToBeHad(error: unknown, about: string, pin: string, url: string): unknown {
  if (!(error instanceof SkerryError) || error.code !== 'SP_GIT') return error;
  const { reason = '' } = error.data;
  return new SkerryError('SP_NESTED_PIN', { data: { about, pin, url, reason }, cause: error });
}
