import type { Network } from './network.ts';
import { listRefs } from './remote-refs.ts';

export interface Publication {
  readonly url: string;
  /** The repository that has the objects. */
  readonly gitDir: string;
  /** Ref to its new object id, and the id it must have now; undefined: it must not be there. */
  readonly updates: readonly { ref: string; to: string; expected: string | undefined }[];
}

/** The arguments of the one push that is the commit point. */
export function publishCommand({ url, updates }: Pick<Publication, 'url' | 'updates'>): string[] {
  return [
    'push',
    '--quiet',
    '--atomic',
    ...updates.map(({ ref, expected }) => `--force-with-lease=${ref}:${expected ?? ''}`),
    '--',
    url,
    ...updates.map(({ ref, to }) => `${to}:${ref}`),
  ];
}

/**
 * Updates refs of the superproject, all or none, and only if they still are what was read (git-push(1) --atomic,
 * --force-with-lease). When the push fails the remote is asked what became of it: a connection that breaks may do so
 * before or after.
 *
 * @returns 'lost' when somebody else changed one of the refs since; nothing was changed then
 * @throws what runGit throws when nothing was changed and nobody else did
 */
export async function publish(
  network: Network,
  publication: Publication,
): Promise<'done' | 'lost'> {
  const { url, gitDir, updates } = publication;
  try {
    await network.git(publishCommand(publication), { url, cwd: gitDir, isOnce: true });
    return 'done';
  } catch (error) {
    network.signal?.throwIfAborted();
    const names = updates.map(({ ref }) => ref);
    const { refs } = await listRefs(network, url, names);
    if (updates.every(({ ref, to }) => refs.get(ref) === to)) return 'done';
    if (updates.some(({ ref, expected }) => refs.get(ref) !== expected)) return 'lost';
    throw error;
  }
}
