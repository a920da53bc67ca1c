import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Damage } from './check-files.ts';
import { CYCLONEDX, type Manifest, MANIFEST, README, SPDX } from './manifest.ts';
import { REPOSITORY_CONFIGS } from './pack-repository.ts';
import { listDeposit } from './sums.ts';
import { SOURCE_LIST, SOURCE_TAR } from './write-source.ts';

const OWN = new Set<string>([README, MANIFEST, CYCLONEDX, SPDX, SOURCE_LIST, SOURCE_TAR]);
const IN_REPOSITORY =
  /^(HEAD|config|refs\/.+|objects\/pack\/pack-[0-9a-f]+\.(pack|idx)|objects\/info\/alternates)$/;
/** From one repository's objects to another deposit's: up, and down again. */
const ALTERNATES = /^(\.\.\/)+(?!.*(^|\/)\.\.(\/|$))[^\n]+\/objects\n$/;

/**
 * Whether a deposit has nothing in it but what `escrow create` writes. Hashes alone say nothing against somebody who made
 * them as well: a hook, or a setting of a repository, would run programs as soon as git looks at it. So this comes before
 * any git does.
 */
export async function checkShape(dir: string, manifest: Manifest): Promise<Damage[]> {
  const repositories = manifest.repositories
    .map(({ path }) => path)
    .sort((a, b) => b.length - a.length);
  const damaged: Damage[] = [];
  for (const file of (await listDeposit(dir)).files) {
    if (OWN.has(file)) continue;
    const repository = repositories.find((path) => file.startsWith(`${path}/`));
    const own = repository === undefined ? '' : file.slice(repository.length + 1);
    if (!IN_REPOSITORY.test(own)) {
      damaged.push({ path: file, problem: 'no such file belongs into a deposit' });
      continue;
    }
    const isRight = await hasRightText(join(dir, file), own, manifest);
    if (!isRight) damaged.push({ path: file, problem: 'not as escrow create writes it' });
  }
  return damaged;
}

async function hasRightText(path: string, own: string, { since }: Manifest): Promise<boolean> {
  if (own.startsWith('objects/pack/')) return true;
  const text = await readFile(path, 'latin1');
  if (own === 'config') return REPOSITORY_CONFIGS.some((config) => config === text);
  if (own === 'objects/info/alternates') return since !== undefined && ALTERNATES.test(text);
  if (own === 'HEAD') return /^(ref: refs\/heads\/[^\n]+|[0-9a-f]{40,64})\n$/.test(text);
  return /^[0-9a-f]{40,64}\n$/.test(text);
}
