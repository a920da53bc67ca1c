import { SkerryError } from '../util/errors.ts';
import { allSettled } from '../util/all-settled.ts';
import { fetchPin, hasComponents } from './fetch-pin.ts';
import type { Network } from './network.ts';
import { readComponents } from './read-superproject.ts';
import type { PinPush } from './push-pin.ts';
import type { Refs } from './remote-refs.ts';
import type { Scratch } from './scratch.ts';
import { trackedBranch } from './tracked.ts';

/** A commit of a component, and the repository that has it. */
interface Carrier {
  readonly about: string;
  readonly url: string;
  readonly commit: string;
  readonly gitDir: string;
}

/** A pin that was fetched from its remote, with those of its own components. */
export interface ProvenPin {
  readonly own: PinPush;
  readonly nested: readonly ProvenPin[];
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
): Promise<ProvenPin[]> {
  if (level > DEEPEST) return [];
  const components = await scratch.once(`components ${url} ${commit}`, async () =>
    (await hasComponents(gitDir, commit))
      ? readComponents(network, scratch, { about, url, commit, gitDir })
      : [],
  );
  const found = await allSettled(
    components.map(async (component): Promise<ProvenPin[]> => {
      const { path, remote, pin, update } = component;
      // Stock git leaves those out, too (gitmodules(5)).
      if (pin === undefined || update === 'none') return [];
      const within = { about: `${about}/${path}`, url: remote };
      const proof = await fetchProof(network, scratch, { ...within, pin, refs: new Map() });
      const carrier = { ...within, commit: pin, gitDir: proof };
      const nested = await nestedPins(network, scratch, carrier, level + 1);
      const branch = trackedBranch(component, undefined);
      return [{ own: { ...within, pin, gitDir: proof, branch }, nested }];
    }),
  );
  return found.flat();
}

/**
 * Fetches a pin for proof, once in a command.
 *
 * @returns a bare repository that has it
 * @throws SP_NESTED_PIN, and what runGit throws for failures that may pass
 */
export async function fetchProof(
  network: Network,
  scratch: Scratch,
  { about, url, pin, refs }: { about: string; url: string; pin: string; refs: Refs },
): Promise<string> {
  const question = { url, about, to: pin, from: undefined, refs };
  const fetching = scratch.once(`proof ${url} ${pin}`, () => fetchPin(network, scratch, question));
  const { gitDir } = await fetching.catch((error: unknown) => {
    throw notToBeHad(error, about, pin, url);
  });
  return gitDir;
}

/** What git says of a commit that its remote does not give out, as a refusal. */
function notToBeHad(error: unknown, about: string, pin: string, url: string): unknown {
  if (!(error instanceof SkerryError) || error.code !== 'SP_GIT') return error;
  const { reason = '' } = error.data;
  return new SkerryError('SP_NESTED_PIN', { data: { about, pin, url, reason }, cause: error });
}
