import { SkerryError } from '../util/errors.ts';
import { type MoveResult, type MoveRules, movePins } from './move-pins.ts';
import type { Network } from './network.ts';
import { UPDATE_TITLE } from './nightly-message.ts';
import { DEFAULT_IDENTITY } from './nightly.ts';
import { readSuperproject } from './read-superproject.ts';
import { branchTip, listRefs } from './remote-refs.ts';
import { Scratch } from './scratch.ts';

export interface UpdateRemoteOptions extends Omit<MoveRules, 'identity'> {
  readonly url: string;
  readonly branch: string;
  readonly identity?: string | undefined;
  readonly attempts?: number;
}

/**
 * Moves pins to the tips of their branches on the remote: a nightly without a tag, of all components or of some.
 *
 * @throws what nightly throws
 */
export async function updateRemote(
  network: Network,
  options: UpdateRemoteOptions,
): Promise<MoveResult> {
  const { url, branch, identity = DEFAULT_IDENTITY, attempts = 20 } = options;
  for (let lost = 0; lost < attempts; lost++) {
    await using scratch = await Scratch.create();
    const { refs } = await listRefs(network, url, [`refs/heads/${branch}`]);
    const commit = branchTip(refs, branch, url);
    const base = await readSuperproject(network, scratch, { url, commit });
    const question = { base, branch, title: UPDATE_TITLE };
    const result = await movePins(network, scratch, question, { ...options, identity });
    if (result.status !== 'lost') return result;
  }
  throw new SkerryError('SP_RACE', { data: { url, attempts } });
}
