import { SkerryError } from '../util/errors.ts';
import type { Network } from './network.ts';
import { keepRef } from './tracked.ts';

export interface KeptPin {
  readonly url: string;
  readonly about: string;
  readonly pin: string;
  /** A bare repository that has the commit, from that remote. */
  readonly gitDir: string;
  /** The branch it is on, for the case that the branch went on meanwhile. */
  readonly branch: string;
}

/** The arguments of the push that keeps a pin alive. */
export function keepCommand({ url, pin }: Pick<KeptPin, 'url' | 'pin'>): string[] {
  return ['push', '--quiet', '--', url, `${pin}:${keepRef(pin)}`];
}

/**
 * Gives a pin a ref of its own in its remote, so that no force-push, deleted branch or garbage collection ever takes it
 * away, and shallow clones find it under protocol v0 too. Done again it changes nothing.
 *
 * @returns why the remote does not take such refs; undefined where it did
 * @throws what runGit throws for other failures
 */
export async function keepPin(network: Network, kept: KeptPin): Promise<string | undefined> {
  const { url, about, pin, gitDir, branch } = kept;
  const push = (): Promise<unknown> =>
    network.git(keepCommand(kept), { url, cwd: gitDir, about, timeoutMs: 600_000 });
  try {
    await push();
    return undefined;
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal !== undefined) return refusal;
    if (!isUnknownCommit(error)) throw error;
  }
  // The branch went on since, so git does not see that the remote has the commit, and cannot send it without its files.
  // With the branch's newer commits in hand it sees it; where the branch was rewound the commit has to be sent whole.
  const fetch = ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head'];
  const call = { url, cwd: gitDir, about, timeoutMs: 600_000 };
  await network.git([...fetch, '--filter=tree:0', '--', url, `refs/heads/${branch}`], call);
  try {
    await push();
  } catch (error) {
    if (!isUnknownCommit(error)) throw error;
    await network.git([...fetch, '--refetch', '--depth=1', '--no-filter', '--', url, pin], call);
    await push();
  }
  return undefined;
}

/** The remote's words where it does not take refs outside of refs/heads and refs/tags. */
function refusalOf(error: unknown): string | undefined {
  if (!(error instanceof SkerryError)) return undefined;
  const match = /\[remote rejected\].*\((?!unpacker error)(.*)\)|remote: (.*(?:hidden|deny|denied|prohibited).*)/i.exec(
    error.message,
  );
  return match ? (match[1] ?? match[2] ?? 'refused') : undefined;
}

function isUnknownCommit(error: unknown): boolean {
  return (
    error instanceof SkerryError &&
    /promisor|lazy fetching|unpacker error|unable to read tree|bad tree object|missing necessary objects/i.test(
      error.message,
    )
  );
}
