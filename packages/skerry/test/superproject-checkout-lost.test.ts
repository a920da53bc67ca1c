import { existsSync } from 'node:fs';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  cloneSuper,
  gitmodulesOf,
  pinOnRemote,
  syncWords,
} from './support/superproject-checkout.ts';
import { type Farm, makeFarm } from './support/superproject-farm.ts';

/** What users do in a component, or to it. A git that refuses is no matter: they see its error and go on. */
const ACTIONS: Record<string, (world: World) => Promise<unknown>> = {
  commit: ({ inside }) => inside('commit', '--quiet', '--allow-empty', '-m', 'mine'),
  topic: ({ inside, tick }) => inside('checkout', '--quiet', '-b', `topic-${tick()}`),
  main: ({ inside }) => inside('checkout', '--quiet', '-B', 'main'),
  detach: ({ inside }) => inside('checkout', '--quiet', '--detach'),
  back: ({ inside }) => inside('checkout', '--quiet', '--detach', 'HEAD~1'),
  amend: ({ inside, tick }) =>
    inside('commit', '--quiet', '--amend', '--allow-empty', '-m', `amended ${tick()}`),
  dirty: ({ dir }) => appendFile(join(dir, 'README'), 'mine\n'),
  commitAll: ({ inside }) => inside('commit', '--quiet', '-am', 'all of mine'),
  untracked: ({ dir, tick }) => writeFile(join(dir, `file-${tick()}`), 'mine\n'),
  stash: ({ inside }) => inside('stash'),
  merge: ({ inside }) => inside('merge', '--quiet', '--no-edit', 'origin/main'),
  fetch: ({ inside }) => inside('fetch', '--quiet'),
  pinTip: async ({ farm, pin, tick }) =>
    pin(await farm.component(0).commit({ README: `${tick()}\n` })),
  pinOld: async ({ farm, pin }) => pin(await farm.component(0).git('rev-parse', 'main~1')),
  pinElsewhere: async ({ farm, pin, tick }) =>
    pin(await farm.component(0).commit({ README: `${tick()}\n` }, { branch: `other-${tick()}` })),
  pinMine: async ({ inside, root, farm }) => {
    await inside('push', '--quiet', 'origin', 'HEAD:refs/heads/mine');
    await farm.git(root, 'commit', '--quiet', '-am', 'pin mine');
  },
  gone: ({ farm, take }) => pinOnRemote(farm, { c001: undefined }, '').then(take),
  again: async ({ farm, take }) =>
    take(
      await pinOnRemote(
        farm,
        { c001: await farm.component(0).tip() },
        gitmodulesOf(farm.components),
      ),
    ),
};

interface World {
  readonly farm: Farm;
  readonly root: string;
  readonly dir: string;
  readonly inside: (...args: string[]) => Promise<string>;
  readonly pin: (commit: string) => Promise<unknown>;
  readonly take: (commit: unknown) => Promise<unknown>;
  readonly tick: () => number;
}

async function makeWorld(farm: Farm): Promise<World> {
  const root = await cloneSuper(farm);
  const dir = join(root, 'c001');
  let ticks = 0;
  const take = (): Promise<string> =>
    farm
      .git(root, 'fetch', '--quiet', '--no-recurse-submodules')
      .then(() => farm.git(root, 'reset', '--quiet', '--hard', 'origin/main'));
  return {
    farm,
    root,
    dir,
    take,
    inside: (...args) => farm.git(existsSync(dir) ? dir : farm.dir, ...args),
    pin: (commit) => pinOnRemote(farm, { c001: commit }).then(take),
    tick: () => ++ticks,
  };
}

/** All that has a name, HEAD's included. Also where the work tree is gone. */
async function namedCommits({ farm, root, dir }: World): Promise<Set<string>> {
  const gitDir = join(root, '.git', 'modules', 'c001');
  if (!existsSync(gitDir)) return new Set();
  const where = existsSync(dir) ? dir : root;
  const args = ['--git-dir', gitDir, '--work-tree', where, 'rev-list', '--all', 'HEAD'];
  return new Set((await farm.git(farm.dir, ...args)).split('\n'));
}

async function workOf({ farm, dir }: World): Promise<string> {
  if (!existsSync(join(dir, '.git'))) return '';
  const readme = await readFile(join(dir, 'README'), 'utf8').catch(() => '');
  const status = await farm.git(dir, 'status', '--porcelain');
  return /^.[MU] README/m.test(status) ? readme : '';
}

test('whatever users did in a component, a sync loses no commit and no change', async () => {
  const words = fc.constantFrom(...Object.keys(ACTIONS));
  const steps = fc.array(
    fc.oneof({ weight: 3, arbitrary: words }, fc.constantFrom('sync', 'attach')),
    {
      minLength: 4,
      maxLength: 12,
    },
  );
  await fc.assert(
    fc.asyncProperty(steps, async (names) => {
      await using farm = await makeFarm({ components: 1 });
      farm.enter();
      const world = await makeWorld(farm);
      await syncWords(world.root);
      for (const name of [...names, 'sync', 'attach']) {
        if (name !== 'sync' && name !== 'attach') {
          await ACTIONS[name]?.(world).catch(() => {});
          continue;
        }
        const before = await namedCommits(world);
        const work = await workOf(world);
        const { result } = await syncWords(world.root, { attach: name === 'attach' });
        // A file that somebody put where the component is to go is no failure of ours.
        const codes = result.components.flatMap(({ error }) => (error ? [error.code] : []));
        expect(codes.filter((code) => code !== 'SP_PATH_FULL')).toEqual([]);
        const after = await namedCommits(world);
        expect([...before].filter((commit) => !after.has(commit))).toEqual([]);
        expect(await workOf(world)).toContain(work);
      }
    }),
    { numRuns: Number(process.env['SKERRY_CAMPAIGN_RUNS'] ?? 12) },
  );
});
