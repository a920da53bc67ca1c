import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { branch } from '../src/superproject/branch.ts';
import { Network } from '../src/superproject/network.ts';
import { nightly } from '../src/superproject/nightly.ts';
import { syncTag, tag, verifyTag } from '../src/superproject/tag.ts';
import { type Farm, makeFarm } from './support/superproject-farm.ts';

// The invariant (reference, section 4): at every instant a fresh `git clone --recursive -b <any published ref>` by stock
// git succeeds. Here a runner is killed with -9 before or after each of its connections, and what is published then is
// cloned; after that the same command has to bring everything to its end.

const isCampaign = process.env.SKERRY_CAMPAIGN !== undefined;
/** `SKERRY_KILLS` for a part of them, beside others with another `SKERRY_SEED`. */
const RANDOM_KILLS = Number(process.env.SKERRY_KILLS ?? (isCampaign ? 2_000 : 12));
const RACES = isCampaign ? 200 : 8;
/** The campaign kills at every connection, `npm test` at every second one: each is some seconds. */
const STEP = isCampaign ? 1 : 2;
const runner = join(import.meta.dirname, 'support', 'superproject-runner.ts');
const quick = (): Network => new Network({ pauseMs: 5, tries: 2 });
const stamp = { identity: 'Release <release@example.org>', seconds: 1_700_009_999 };

// Each takes some hundred processes, and machines differ.
const SLOW = { timeout: 600_000 };

let farm: Farm;
let seed = Number(process.env.SKERRY_SEED ?? 42);
let made = 0;

beforeAll(async () => {
  farm = await makeFarm();
  farm.enter();
});
afterEach(() => farm.onConnect(''));
afterAll(() => farm[Symbol.asyncDispose]());

/** A fixed sequence, so that a failure can be seen again. */
function random(below: number): number {
  seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff;
  return Math.floor((seed / 0x7fffffff) * below);
}

/** Runs a transaction in a process that is killed at its nth connection, before or after it did its work. */
async function killedAt(n: number, when: 'before' | 'after', args: string[]): Promise<boolean> {
  const kill = `kill -9 $(cat runner.pid) 2>/dev/null; exit 1`;
  const work = when === 'after' ? 'git "$command" "$repository"; ' : '';
  await farm.forget();
  await farm.onConnect(`if [ $(wc -l < connections.log) -ge ${n} ]; then ${work}${kill}; fi`);
  const child = spawn(process.execPath, ['--conditions=@skerry/source', runner, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await writeFile(join(farm.dir, 'runner.pid'), String(child.pid));
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  await farm.onConnect('');
  if (signal !== 'SIGKILL' && code !== 0) throw new Error(said);
  return signal === 'SIGKILL';
}

/** What the runner can have touched, and now and then something older. Two names of a commit are one clone. */
async function expectCloneable(): Promise<void> {
  const refs = await farm.super.git(
    'for-each-ref',
    '--format=%(refname:short) %(*objectname)%(objectname)',
    '--sort=-creatordate',
    'refs',
  );
  const all = refs.split('\n').map((line) => line.split(' ') as [string, string]);
  const [newest, ...older] = all;
  const main = all.find(([name]) => name === 'main');
  const some = random(4) === 0 ? older[random(older.length)] : undefined;
  const chosen = new Map(
    [newest, main, some].flatMap((ref) => (ref ? [[ref[1].slice(0, 40), ref[0]] as const] : [])),
  );
  await Promise.all(
    [...chosen.values()].map(async (ref, at) => {
      const dir = join(farm.dir, `clone-${at}`);
      await rm(dir, { recursive: true, force: true });
      await farm.git(farm.dir, 'clone', '--quiet', '--recursive', '-b', ref, farm.url, dir);
      expect(await farm.git(dir, 'submodule', 'status')).not.toMatch(/^[-+U]/m);
      await rm(dir, { recursive: true, force: true });
    }),
  );
}

async function change(): Promise<void> {
  await farm.component(random(3)).commit({ file: String(++made) });
}

describe('a runner that is killed', () => {
  test(
    'at each connection of a nightly leaves what can be cloned, and the next one goes on',
    SLOW,
    async () => {
      await nightly(quick(), { url: farm.url, branch: 'main' });
      for (let n = 1, isKilled = true; isKilled; n += STEP) {
        await change();
        isKilled = await killedAt(n, 'after', ['nightly', farm.url, 'main']);
        await expectCloneable();
        const next = await nightly(quick(), { url: farm.url, branch: 'main' });
        expect(next.tag).toBeDefined();
      }
      await expectTagged();
    },
  );

  test(
    'at each connection of a release branch: the same command makes the very same',
    SLOW,
    async () => {
      for (let n = 1, isKilled = true; isKilled; n += STEP) {
        const name = `r${n}`;
        isKilled = await killedAt(n, 'after', ['branch', farm.url, name]);
        await expectCloneable();
        const result = await branch(quick(), { url: farm.url, name, from: 'main' });
        expect(
          result.components.every(({ state }) => state === 'create' || state === 'there'),
        ).toBe(true);
        expect(await farm.super.tip(name)).toBe(result.commit);
        for (const component of farm.components)
          expect(await component.tip(name)).toBe(
            result.components.find((each) => each.name === component.name)?.pin,
          );
      }
      await expectCloneable();
    },
  );

  test(
    'at each connection of a release tag: it is there whole after --sync, or not at all',
    SLOW,
    async () => {
      for (let n = 1, isKilled = true; isKilled; n += STEP) {
        const name = `v${n}`;
        isKilled = await killedAt(n, 'after', ['tag', farm.url, name]);
        await expectCloneable();
        if ((await farm.super.git('tag', '--list', name)) === '')
          await tag(quick(), { url: farm.url, name, from: 'main', stamp, components: true });
        else await syncTag(quick(), { url: farm.url, name });
        const { components } = await verifyTag(quick(), { url: farm.url, name });
        expect(components.every(({ tagged, isKept }) => tagged === 'same' && isKept)).toBe(true);
      }
    },
  );

  test(`at ${RANDOM_KILLS} random connections, while components change and are rewound`, async () => {
    for (let i = 0; i < RANDOM_KILLS; i++) {
      await change();
      if (random(4) === 0) {
        const component = farm.component(random(3));
        await component.commit({ other: String(i) }, { from: `${await component.tip()}~1` });
      }
      const when = random(2) === 0 ? 'before' : 'after';
      await killedAt(1 + random(20), when, ['nightly', farm.url, 'main']).catch((error: Error) => {
        // The rule against rewound branches may have stopped it before the kill did.
        expect(error.message).toContain('SP_REWOUND');
      });
      await expectCloneable();
      await nightly(quick(), { url: farm.url, branch: 'main', allowRewind: true });
    }
    await expectTagged();
    await expectCloneable();
  }, 7_200_000);

  test('leaves no scratch folder behind once the next command ran', async () => {
    await killedAt(3, 'before', ['nightly', farm.url, 'main']);
    await nightly(quick(), { url: farm.url, branch: 'main' });
    const left = (await readdir(tmpdir())).filter((name) =>
      name.startsWith('skerry-superproject-'),
    );
    const own = left.filter((name) => name.includes(`-${process.pid}-`));
    expect(own).toEqual([]);
  });
});

/** Every nightly's tag is in each component that it moved, on the very pin. */
async function expectTagged(): Promise<void> {
  const tags = (await farm.super.git('tag', '--list', 'main-nightly-*'))
    .split('\n')
    .filter(Boolean);
  expect(tags.length).toBeGreaterThan(3);
  for (const name of tags) {
    // The first is on a commit that somebody made by hand, which moved nothing.
    const ids = await farm.super.git('rev-list', '--parents', '--max-count=1', name);
    if (!ids.includes(' ')) continue;
    const diff = await farm.super.git('diff', '--raw', '--abbrev=40', `${name}~1`, name);
    for (const line of diff.split('\n')) {
      const [, , , pin = ''] = line.split(/[ \t]/);
      const path = line.split('\t')[1];
      const component = farm.components.find((each) => each.path === path);
      if (component) expect(await component.git('rev-parse', `${name}^{}`)).toBe(pin);
    }
  }
}

describe('two runners at once', () => {
  test(`${RACES} times: never two commits for one number, and both end well`, async () => {
    for (let i = 0; i < RACES; i++) {
      await change();
      const before = await farm.super.tip();
      const runs = await Promise.all(
        ['One <one@example.org>', 'Two <two@example.org>'].map((identity) =>
          nightly(quick(), { url: farm.url, branch: 'main', identity }),
        ),
      );
      const published = runs.filter(({ status }) => status === 'published');
      expect(published).toHaveLength(1);
      expect(new Set(runs.map(({ tag: name }) => name)).size).toBe(1);
      expect(await farm.super.git('rev-parse', `${await farm.super.tip()}~1`)).toBe(before);
    }
  }, 3_600_000);

  test('a component that is rewound between reading and publishing keeps its pin', async () => {
    const component = farm.component(0);
    const pin = await component.commit({ late: '1' });
    // At the first connection after both reads: the fetch that verifies.
    await farm.onConnect(
      `case "$command $repository" in "upload-pack ./c001.git") n=$(grep -c "$command $repository" connections.log); if [ $n -eq 3 ]; then git -C c001.git update-ref refs/heads/main ${pin}~1; fi;; esac`,
    );
    await farm.forget();
    const result = await nightly(quick(), { url: farm.url, branch: 'main' });
    await farm.onConnect('');
    expect(result.moves).toMatchObject([{ path: 'c001', to: pin }]);
    await component.git('-c', 'gc.reflogExpire=now', 'gc', '--quiet', '--prune=now');
    await expectCloneable();
    await component.git('update-ref', 'refs/heads/main', pin);
  });

  test('a component whose branch moves on between reading and keeping gets its keep ref', async () => {
    const component = farm.component(1);
    const pin = await component.commit({ late: '2' });
    await farm.onConnect(
      `case "$command $repository" in "receive-pack ./c002.git") if [ ! -e moved ]; then touch moved; git -C c002.git update-ref refs/heads/main $(git -C c002.git -c user.name=x -c user.email=x@x commit-tree -p ${pin} -m late "${pin}^{tree}"); fi;; esac`,
    );
    const result = await nightly(quick(), { url: farm.url, branch: 'main' });
    await farm.onConnect('');
    expect(result.moves).toMatchObject([{ path: 'c002', to: pin }]);
    expect(await component.git('rev-parse', `refs/superproject/pins/${pin}`)).toBe(pin);
  });

  test('components that change all the time: refused as torn, or taken when told', async () => {
    await farm.onConnect(
      `if [ "$command $repository" = "upload-pack ./c003.git" ]; then git -C c003.git update-ref refs/heads/main $(git -C c003.git -c user.name=x -c user.email=x@x commit-tree -p main -m "$(date +%N)" "main^{tree}"); fi`,
    );
    const options = { url: farm.url, branch: 'main', maxRounds: 3 };
    await expect(nightly(quick(), options)).rejects.toMatchObject({ code: 'SP_TORN', exitCode: 4 });
    const result = await nightly(quick(), { ...options, allowTorn: true });
    await farm.onConnect('');
    expect(result.isStable).toBe(false);
    expect(await farm.super.git('log', '-1', '--format=%B', 'main')).toContain('Collected: torn');
  });
});
