import { join } from 'node:path';
import type { Changes } from '../checkout/changes.ts';
import type { Checkout } from '../checkout/checkout.ts';
import { editFile } from '../checkout/config.ts';
import { formatSetting } from '../format-config.ts';
import { tryGit } from '../git.ts';

/** Adds `url.FOUND.insteadOf` to the checkout's configuration, where several may stand. */
export async function appendUrl(
  changes: Changes,
  { root, commonDir }: Checkout,
  { found, remote }: { found: string; remote: string },
): Promise<void> {
  const section = formatSetting(`url.${found}.insteadOf`, remote);
  await changes.own(['config', '--add', `url.${found}.insteadOf`, remote], root, () =>
    editFile(join(commonDir, 'config'), (text) => `${text.replace(/\n?$/, '\n')}${section}`),
  );
}

/** Where a key of git's configuration is set: `local`, `global`, and so on, the one that wins last. */
export async function scopesOf(
  { root }: Checkout,
  key: string,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const args = ['config', '--show-scope', '--get-all', key];
  const { stdout } = await tryGit(args, { cwd: root, signal, answers: [1] });
  return stdout
    .toString()
    .split('\n')
    .flatMap((line) => line.split('\t')[0] || []);
}

/** Takes a key out of the checkout's own configuration. */
export async function unsetLocal(changes: Changes, { root }: Checkout, key: string): Promise<void> {
  await changes.git(['config', '--local', '--unset-all', key], { cwd: root });
}
