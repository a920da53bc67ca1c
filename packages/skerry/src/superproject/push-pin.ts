import { join } from 'node:path';
import { SkerryError } from '../util/errors.ts';
import { fetchIds } from './fetch-ids.ts';
import { filterUrl } from './module-url.ts';
import type { Network } from './network.ts';
import type { Scratch } from './scratch.ts';

export interface PinPush {
  readonly url: string;
  /** The component's name, for errors. */
  readonly about: string;
  readonly pin: string;
  /** A bare repository that has the commit, from that remote, perhaps without its files. */
  readonly gitDir: string;
  /** The branch it is on, where that is known: for the case that the branch went on meanwhile. */
  readonly branch: string | undefined;
}

/**
 * Runs a push of a ref to a commit that the remote has already, so that nothing needs to be sent. git only sees that the
 * remote has it when a ref there names it, or a newer commit that is here too. Where it does not see it, the branch's
 * newer commits are fetched; where the branch was rewound meanwhile, all of the commit, so that it can be sent.
 *
 * @throws what runGit throws
 */
export async function pushPin(
  network: Network,
  scratch: Scratch,
  { url, about, pin, gitDir, branch }: PinPush,
  command: readonly string[],
): Promise<void> {
  const call = { url, cwd: gitDir, about, timeoutMs: 600_000 };
  const fetch = ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head'];
  try {
    return void (await network.git(command, call));
  } catch (error) {
    if (!isUnknownCommit(error)) throw error;
  }
  if (branch !== undefined) {
    const newer = [...fetch, '--filter=tree:1', '--', filterUrl(url), `refs/heads/${branch}`];
    try {
      await network.git(newer, call);
      return void (await network.git(command, call));
    } catch (error) {
      if (!isUnknownCommit(error)) throw error;
    }
  }
  const whole = await scratch.repository(pin);
  await fetchIds(network, { url, about, gitDir: whole, ids: [pin] });
  // What is to be pushed may be a tag that was made in the other one.
  const env = { GIT_ALTERNATE_OBJECT_DIRECTORIES: join(gitDir, 'objects') };
  await network.git(command, { ...call, cwd: whole, env });
}

function isUnknownCommit(error: unknown): boolean {
  return (
    error instanceof SkerryError &&
    /promisor|lazy fetching|unpacker error|unable to read tree|bad tree object|missing necessary objects|shallow update not allowed|no such remote ref|couldn't find remote ref/i.test(
      error.message,
    )
  );
}
