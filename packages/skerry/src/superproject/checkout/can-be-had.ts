import { SkerryError } from '../../util/errors.ts';
import { fetchPin } from '../fetch-pin.ts';
import type { Network } from '../network.ts';
import type { Refs } from '../remote-refs.ts';
import type { Scratch } from '../scratch.ts';

/** What upload-pack says of a commit that it does not have (protocol v2), or that none of its refs leads to (v0). */
const NOT_THERE =
  /not our ref|unadvertised object|could not find remote ref|couldn't find remote ref/i;

/**
 * Whether a remote gives a commit out: one object is fetched, without files, into a repository of its own.
 *
 * @throws what runGit throws, for every failure that is no answer
 */
export async function canBeHad(
  network: Network,
  scratch: Scratch,
  { url, about, pin, refs }: { url: string; about: string; pin: string; refs: Refs },
): Promise<boolean> {
  try {
    await fetchPin(network, scratch, { url, about, to: pin, from: undefined, refs });
    return true;
  } catch (error) {
    if (!(error instanceof SkerryError)) throw error;
    if (error.code === 'SP_NOT_A_COMMIT' || NOT_THERE.test(error.message)) return false;
    throw error;
  }
}
