import { SkerryError } from '../util/errors.ts';
import type { Network } from './network.ts';

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
 * newer commits are fetched; where the branch was rewound, the commit whole, so that it can be sent.
 *
 * @throws what runGit throws
 */
export async function pushPin(
  network: Network,
  { url, about, pin, gitDir, branch }: PinPush,
  command: readonly string[],
): Promise<void> {
  const call = { url, cwd: gitDir, about, timeoutMs: 600_000 };
  const fetch = ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head'];
  const newer = [...fetch, '--filter=tree:0', '--', url, `refs/heads/${branch}`];
  const whole = [...fetch, '--refetch', '--depth=1', '--no-filter', '--', url, pin];
  for (const remedy of [...(branch === undefined ? [] : [newer]), whole, undefined])
    try {
      await network.git(command, call);
      return;
    } catch (error) {
      if (!remedy || !isUnknownCommit(error)) throw error;
      await network.git(remedy, call);
    }
}

function isUnknownCommit(error: unknown): boolean {
  return (
    error instanceof SkerryError &&
    /promisor|lazy fetching|unpacker error|unable to read tree|bad tree object|missing necessary objects/i.test(
      error.message,
    )
  );
}
