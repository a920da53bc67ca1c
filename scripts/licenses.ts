import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** Packages that have their license in their repository only. */
const WITHOUT_LICENSE = new Map([['saxes', join(import.meta.dirname, 'licenses', 'saxes.txt')]]);

/** The licenses of the packages that these files are of: they want to come along with what is built of them. */
export function licensesOf(modules: readonly string[]): string {
  const folders = new Set(
    modules.flatMap((id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(id)?.[0] ?? []),
  );
  const texts = [...folders].sort().map((folder) => {
    const [license] = globSync('LICEN[CS]E*', { cwd: folder });
    const file = license ? join(folder, license) : WITHOUT_LICENSE.get(basename(folder));
    if (file === undefined) throw new Error(`${folder} has no license file`);
    return `${basename(folder)}\n\n${readFileSync(file, 'utf8').trim()}\n`;
  });
  return texts.join(`\n${'-'.repeat(80)}\n\n`);
}
