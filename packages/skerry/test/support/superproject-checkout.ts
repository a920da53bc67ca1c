import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sync, type SyncOptions, type SyncResult } from '../../src/superproject/checkout/sync.ts';
import { Network } from '../../src/superproject/network.ts';
import type { Farm, FarmRepository } from './superproject-farm.ts';

/** A stock clone of the farm's superproject, without components, in a folder of the farm. */
export async function cloneSuper(farm: Farm, name = 'w', ...options: string[]): Promise<string> {
  await farm.git(farm.dir, 'clone', '--quiet', ...options, farm.url, name);
  return join(farm.dir, name);
}

/** Syncs, and gives what became of each component as one word a path. */
export async function syncWords(
  root: string,
  options: SyncOptions = {},
): Promise<{ result: SyncResult; words: Record<string, string> }> {
  const network = new Network({ cwd: root, pauseMs: 10, tries: 2 });
  const result = await sync(network, root, options);
  const words = result.components.map(({ path, status }) => [path, status]);
  return { result, words: Object.fromEntries(words) as Record<string, string> };
}

/** Moves the superproject's pins on its remote, as a nightly does; with another text of `.gitmodules` on request. */
export async function pinOnRemote(
  farm: Farm,
  pins: Readonly<Record<string, string | undefined>>,
  gitmodules?: string,
): Promise<string> {
  const work = join(farm.dir, 'pinner');
  if (!existsSync(work)) await farm.git(farm.dir, 'clone', '--quiet', farm.url, 'pinner');
  await farm.git(work, 'pull', '--quiet', '--ff-only');
  for (const [path, pin] of Object.entries(pins)) {
    const info =
      pin === undefined
        ? ['--force-remove', '--', path]
        : ['--add', '--cacheinfo', `160000,${pin},${path}`];
    await farm.git(work, 'update-index', ...info);
  }
  if (gitmodules !== undefined) {
    await writeFile(join(work, '.gitmodules'), gitmodules);
    await farm.git(work, 'add', '.gitmodules');
  }
  await farm.git(work, 'commit', '--quiet', '-m', 'pins');
  await farm.git(work, 'push', '--quiet', 'origin', 'HEAD:main');
  return farm.git(work, 'rev-parse', 'HEAD');
}

/** The text of `.gitmodules` for some components. */
export function gitmodulesOf(
  components: readonly (Pick<FarmRepository, 'name' | 'path' | 'branch'> & { url?: string })[],
): string {
  return components
    .map(
      ({ name, path, branch, url = `../${name}.git` }) =>
        `[submodule "${name}"]\n\tpath = ${path}\n\turl = ${url}\n\tbranch = ${branch}\n`,
    )
    .join('');
}

/** Gives `outer` a component at `inner`, pinned wherever that is, and commits it. */
export function nest(
  outer: FarmRepository,
  inner: FarmRepository,
  pin: string,
  more = '',
): Promise<string> {
  const modules = `[submodule "inner"]\n\tpath = inner\n\turl = ../${inner.name}.git\n${more}`;
  return outer.commit({ '.gitmodules': modules }, { pins: { inner: pin } });
}
