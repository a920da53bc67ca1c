import { join } from 'node:path';
import { runGit } from './git.ts';
import { writeObject } from './loose-object.ts';
import { formatCommit, formatTag, signedCommit, signedTag, type Stamp } from './objects.ts';
import { signSsh } from './sign-ssh.ts';
import type { Superproject } from './read-superproject.ts';

export interface NewCommit {
  /** Path to new pin. */
  readonly pins: ReadonlyMap<string, string>;
  /** The new text of `.gitmodules`, where it changes. */
  readonly gitmodules?: string;
  readonly stamp: Stamp;
  readonly message: string;
  /** The file of an ssh key to sign with. */
  readonly signKey?: string | undefined;
}

export interface NewTag {
  readonly object: string;
  readonly name: string;
  readonly stamp: Stamp;
  readonly message: string;
  /** The file of an ssh key to sign with. */
  readonly signKey?: string | undefined;
}

/** Makes the tree of `base` with other pins, in a private index; gives its id. */
export async function buildTree(
  base: Superproject,
  { pins, gitmodules }: Pick<NewCommit, 'pins' | 'gitmodules'>,
): Promise<string> {
  const { gitDir, commit } = base;
  const index = { cwd: gitDir, env: { GIT_INDEX_FILE: join(gitDir, 'new-index') } };
  const entries = [...pins].map(([path, pin]) => `160000 ${pin}\t${path}\0`);
  if (gitmodules !== undefined) {
    const id = await writeObject(gitDir, 'blob', gitmodules, commit);
    entries.push(`100644 ${id}\t.gitmodules\0`);
  }
  await runGit(['read-tree', commit], index);
  await runGit(['update-index', '-z', '--index-info'], { ...index, input: entries.join('') });
  return (await runGit(['write-tree'], index)).toString().trim();
}

/**
 * Makes the commit after `base`, in its repository, and gives its id. It depends on what is passed and on nothing else:
 * not the clock, the user, the locale or the machine.
 */
export async function buildCommit(base: Superproject, parts: NewCommit): Promise<string> {
  const tree = await buildTree(base, parts);
  const { stamp, message, signKey } = parts;
  const commit = formatCommit({ tree, parents: [base.commit], stamp, message });
  const whole =
    signKey === undefined ? commit : signedCommit(commit, await signSsh(commit, signKey));
  return writeObject(base.gitDir, 'commit', whole, base.commit);
}

/** Makes an annotated tag in a repository; gives its id. */
export async function buildTag(gitDir: string, parts: NewTag): Promise<string> {
  return writeObject(gitDir, 'tag', await formatSigned(parts), parts.object);
}

/** The text of an annotated tag, signed where there is a key. */
export async function formatSigned(parts: NewTag): Promise<string> {
  const tag = formatTag(parts);
  const { signKey } = parts;
  return signKey === undefined ? tag : signedTag(tag, await signSsh(tag, signKey));
}
