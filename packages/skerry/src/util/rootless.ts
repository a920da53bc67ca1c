import { rm } from 'node:fs/promises';

import { runOrThrow } from './run.ts';

const NAMESPACES = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc'] as const;

/**
 * The `unshare` arguments under which a sandbox or a build runs: an ordinary user becomes root of a user namespace, root stays
 * root; both get their own mounts, so that the host never sees one, and their own processes.
 */
export function namespaceArgs(uid: number = process.getuid?.() ?? 0): string[] {
  return uid === 0 ? [...NAMESPACES] : ['--user', '--map-root-user', '--map-auto', ...NAMESPACES];
}

/** Removes a tree that may hold files of sub-ids, which only the namespace's root may. */
export async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== 'EACCES' && code !== 'EPERM') throw cause;
    await runOrThrow('unshare', [...namespaceArgs(), 'rm', '-rf', '--', path], {
      timeoutMs: 120_000,
    });
  }
}
