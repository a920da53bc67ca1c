import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { formatGit } from '../format-git.ts';
import { layoutOf } from '../layout.ts';
import type { Network } from '../network.ts';
import { listRefs } from '../remote-refs.ts';
import { Scratch } from '../scratch.ts';
import { namedCommits, usesIn } from './discover.ts';
import {
  keyOf,
  type MirrorOptions,
  readRecord,
  refuseMoved,
  refuseOther,
  RESERVED,
} from './mirror.ts';
import { fetchCommands } from './update-repository.ts';

const LONG_MS = 6 * 3_600_000;

export interface MirrorPlan {
  readonly dir: string;
  readonly commands: readonly string[];
  /** What is wrong with `.gitmodules` of some commit, whose components would be left out for that. */
  readonly refused: readonly string[];
}

/**
 * What a mirror would run. The superproject is fetched for it, into a folder that goes again; components are not, so that
 * theirs are not seen.
 *
 * @throws SP_TARGET_TAKEN, SP_MIRROR_OTHER, SP_MIRROR_LAYOUT, SP_LAYOUT, and what runGit throws
 */
export async function planMirrors(network: Network, options: MirrorOptions): Promise<MirrorPlan> {
  const { url, isPruning = false, onProgress } = options;
  const { signal } = network;
  const dir = resolve(options.dir);
  if (existsSync(dir)) await refuseOther(dir);
  const known = await readRecord(dir, url);
  await using scratch = await Scratch.create();
  onProgress?.('reading the superproject');
  const { refs } = await listRefs(network, url, ['HEAD']);
  const gitDir = await scratch.repository(refs.get('HEAD') ?? '');
  for (const fetch of fetchCommands(url, false))
    await network.git(fetch, { url, cwd: gitDir, timeoutMs: LONG_MS });
  const all = await namedCommits(gitDir, signal);
  const refused: string[] = [];
  const onRefused = (reason: string): unknown => refused.push(reason);
  const uses = await usesIn(gitDir, url, all, { signal, onRefused });
  const layout = layoutOf(url, uses, RESERVED);
  refuseMoved(dir, known, layout);
  const commands = [...layout.paths].flatMap(([remote, path]) => {
    const place = join(dir, path);
    const isThere = known.has(keyOf(remote));
    return [
      ...(isThere ? [] : [formatGit(['init', '--quiet', '--bare', '--', place])]),
      ...fetchCommands(remote, isPruning).map((fetch) => formatGit(fetch, place)),
    ];
  });
  return { dir, commands, refused };
}
