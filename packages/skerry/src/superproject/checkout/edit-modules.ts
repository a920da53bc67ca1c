import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SkerryError } from '../../util/errors.ts';
import { runGit, tryGit } from '../git.ts';
import { checkedComponents } from '../gitmodules.ts';
import { isLocal } from '../read-superproject.ts';
import { CALM, type Changes } from './changes.ts';
import type { Checkout } from './checkout.ts';
import { readText } from './git-dir.ts';
import type { Defer } from './undo.ts';

export interface ModuleEdit {
  /** The new text of `.gitmodules`. */
  readonly text: string;
  /** The same change as git commands, for the plan. */
  readonly commands: readonly (readonly string[])[];
  /** Path to its new pin in the index; undefined takes it out. */
  readonly links: ReadonlyMap<string, string | undefined>;
}

/** An edit of `.gitmodules` is staged whole, so nothing else may wait in it. @throws SP_GITMODULES_UNSTAGED */
export async function refuseUnstaged(
  { root, gitmodules }: Checkout,
  signal?: AbortSignal,
): Promise<void> {
  const args = ['cat-file', 'blob', ':.gitmodules'];
  const { code, stdout } = await tryGit(args, { cwd: root, signal, answers: [128] });
  const staged = code === 0 ? stdout.toString() : '';
  if (staged !== gitmodules) throw new SkerryError('SP_GITMODULES_UNSTAGED', { data: { root } });
}

/** @throws SP_GITMODULES_INVALID with what the new text would be refused for */
export function checkEdit({ root, url }: Checkout, text: string): void {
  checkedComponents(text, join(root, '.gitmodules'), { isLocal: isLocal(url), base: url });
}

/**
 * Writes `.gitmodules`, and then it and the pins to the index in one step: whoever looks sees all of the edit, or nothing.
 */
export async function applyEdit(
  changes: Changes,
  { root, gitmodules }: Checkout,
  { text, commands, links }: ModuleEdit,
  defer: Defer,
): Promise<void> {
  const file = join(root, '.gitmodules');
  const had = readText(file) !== undefined;
  for (const command of commands) await changes.own(command, root, async () => {});
  await changes.own(['add', '--', '.gitmodules'], root, async () => {
    defer(() => (had ? writeFile(file, gitmodules) : rm(file, { force: true })));
    await writeFile(file, text);
  });
  for (const [path, pin] of links)
    await changes.own(
      pin === undefined
        ? ['update-index', '--force-remove', '--', path]
        : ['update-index', '--add', '--cacheinfo', `160000,${pin},${path}`],
      root,
      async () => {},
    );
  if (changes.isDryRun) return;
  const { signal } = changes;
  const hashed = await runGit(['hash-object', '-w', '--', '.gitmodules'], { cwd: root, signal });
  const blob = hashed.toString().trim();
  const nothing = '0'.repeat(blob.length);
  const entries = [...links].map(([path, pin]) =>
    pin === undefined ? `0 ${nothing}\t${path}` : `160000 ${pin}\t${path}`,
  );
  const input = [`100644 ${blob}\t.gitmodules`, ...entries].map((entry) => `${entry}\0`).join('');
  await runGit([...CALM, 'update-index', '-z', '--index-info'], { cwd: root, signal, input });
}
