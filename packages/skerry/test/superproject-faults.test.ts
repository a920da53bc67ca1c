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
import { type Farm, type FarmRepository, makeFarm } from './support/superproject-farm.ts';

// The invariant (reference, section 4): at every instant a fresh `git clone --recursive -b <any published ref>` by stock
// git succeeds. Here a runner is killed with -9 before or after each of its connections, and what is published then is
// cloned; after that the same command has to bring everything to its end. While stock git clones, the components' branches
// have lost all that was new, and the servers hand out only what a ref of theirs names: so a pin that is published before
// it is kept is not to be had.

const isCampaign = process.env.SKERRY_CAMPAIGN !== undefined;
/** `SKERRY_KILLS` for a part of them, beside others with another `SKERRY_SEED`. */
const RANDOM_KILLS = Number(process.env.SKERRY_KILLS ?? (isCampaign ? 2_000 : 6));
const RACES = isCampaign ? 200 : 5;
/** The campaign kills at every connection, `npm test` at every third one: each is some seconds. */
const STEP = isCampaign ? 1 : 3;
const runner = join(import.meta.dirname, 'support', 'superproject-runner.ts');
const quick = (): Network => new Network({ pauseMs: 5, tries: 2 });
const stamp = { identity: 'Release <release@example.org>', seconds: 1_700_009_999 };

// Each takes some hundred processes, and machines differ.
const SLOW = { timeout: 600_000 };

/** A branch of the superproject with pins that somebody made by hand. */
const HAND = 'hand';

let farm: Farm;
/** What the superproject's first commit pins, which nothing of ours keeps. */
let originals: readonly string[] = [];
let seed = Number(process.env.SKERRY_SEED ?? 42);
let made = 0;

beforeAll(async () => {
  farm = await makeFarm();
  farm.enter();
  originals = await Promise.all(farm.components.map((component) => component.tip()));
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

/**
 * Stock git clones what of these is published, and main, and now and then something older, while the components have lost
 * what only their branches had.
 */
async function expectCloneable(...names: readonly string[]): Promise<void> {
  const refs = await published();
  const old = [...refs.keys()];
  const some = random(4) === 0 ? [old[random(old.length)] ?? 'main'] : [];
  // Two names of a commit are one clone.
  const chosen = new Map(
    [...names, 'main', ...some].flatMap((name) => {
      const commit = refs.get(name);
      return commit === undefined ? [] : [[commit, name] as const];
    }),
  );
  const tips = await Promise.all(farm.components.map((component) => component.tip()));
  await rewind((_, at) => originals[at] ?? '');
  await farm.onConnect('unset GIT_PROTOCOL');
  try {
    await Promise.all([...chosen.values()].map((ref, at) => expectClone(ref, `clone-${at}`)));
  } finally {
    await farm.onConnect('');
    await rewind((_, at) => tips[at] ?? '');
  }
}

async function expectClone(ref: string, name: string): Promise<void> {
  const dir = join(farm.dir, name);
  await rm(dir, { recursive: true, force: true });
  await farm.git(farm.dir, 'clone', '--quiet', '--recursive', '-b', ref, farm.url, dir);
  expect(await farm.git(dir, 'submodule', 'status')).not.toMatch(/^[-+U]/m);
  await rm(dir, { recursive: true, force: true });
}

/** Branches and tags to their commits, but for the one that somebody pinned by hand and promised nothing for. */
async function published(): Promise<Map<string, string>> {
  const format = '--format=%(refname:short) %(*objectname)%(objectname)';
  const refs = await farm.super.git('for-each-ref', format, 'refs/heads', 'refs/tags');
  const all = refs.split('\n').map((line) => line.split(' ') as [string, string]);
  return new Map(
    all.flatMap(([name, ids]) => (name === HAND ? [] : [[name, ids.slice(0, 40)] as const])),
  );
}

async function rewind(to: (component: FarmRepository, at: number) => string): Promise<void> {
  await Promise.all(
    farm.components.map((component, at) =>
      component.git('update-ref', 'refs/heads/main', to(component, at)),
    ),
  );
}

async function change(): Promise<void> {
  await farm.component(random(3)).commit({ file: String(++made) });
}

/** Commits to every component and pins that by hand, on a branch: no ref but the components' branches has it. */
async function pinByHand(): Promise<void> {
  const pins: Record<string, string> = {};
  for (const component of farm.components)
    pins[component.path] = await component.commit({ file: String(++made) });
  await farm.super.commit({}, { branch: HAND, from: await farm.super.tip(), pins });
}

/** The components' branches `name` are on the pins where the superproject has it. */
async function expectBranched(name: string): Promise<void> {
  if (!(await published()).has(name)) return;
  for (const component of farm.components)
    expect(await component.tip(name)).toBe(
      await farm.super.git('rev-parse', `${name}:${component.path}`),
    );
}

/** No component has a tag that the superproject does not have. */
async function expectNoTagAhead(name: string): Promise<void> {
  if ((await published()).has(name)) return;
  for (const component of farm.components)
    expect(await component.git('tag', '--list', name)).toBe('');
}

async function finishBranch(name: string): Promise<void> {
  const result = await branch(quick(), { url: farm.url, name, from: HAND });
  expect(result.components.every(({ state }) => state === 'create' || state === 'there')).toBe(
    true,
  );
  expect(await farm.super.tip(name)).toBe(result.commit);
  await expectBranched(name);
}

async function finishTag(name: string): Promise<void> {
  if ((await published()).has(name)) await syncTag(quick(), { url: farm.url, name });
  else await tag(quick(), { url: farm.url, name, from: HAND, stamp, components: true });
  const { components } = await verifyTag(quick(), { url: farm.url, name });
  expect(components.every(({ tagged, isKept }) => tagged === 'same' && isKept)).toBe(true);
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
        await expectCloneable(...(await nightlies()).slice(-1));
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
        await pinByHand();
        isKilled = await killedAt(n, 'after', ['branch', farm.url, name, HAND]);
        await expectBranched(name);
        await expectCloneable(name);
        await finishBranch(name);
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
        await pinByHand();
        isKilled = await killedAt(n, 'after', ['tag', farm.url, name, HAND]);
        await expectNoTagAhead(name);
        await expectCloneable(name);
        await finishTag(name);
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
      await [killedNightly, killedBranch, killedTag][random(3)]?.(i);
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

function anywhere(what: string, name: string, from: string): Promise<boolean> {
  const when = random(2) === 0 ? 'before' : 'after';
  return killedAt(1 + random(20), when, [what, farm.url, name, from]);
}

async function killedNightly(): Promise<void> {
  await anywhere('nightly', 'main', '').catch((error: Error) => {
    // The rule against rewound branches may have stopped it before the kill did.
    expect(error.message).toContain('SP_REWOUND');
  });
  await expectCloneable(...(await nightlies()).slice(-1));
}

async function killedBranch(round: number): Promise<void> {
  const name = `random-r${round}`;
  await pinByHand();
  await anywhere('branch', name, HAND);
  await expectBranched(name);
  await expectCloneable(name);
  await finishBranch(name);
}

async function killedTag(round: number): Promise<void> {
  const name = `random-v${round}`;
  await pinByHand();
  await anywhere('tag', name, HAND);
  await expectNoTagAhead(name);
  await expectCloneable(name);
  await finishTag(name);
}

/** The tags of nightlies, the newest last. */
async function nightlies(): Promise<string[]> {
  const tags = await farm.super.git('tag', '--list', '--sort=version:refname', 'main-nightly-*');
  return tags.split('\n').filter(Boolean);
}

/** Every nightly's tag is in each component that it moved, on the very pin. */
async function expectTagged(): Promise<void> {
  const tags = await nightlies();
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
      await expectCloneable(...(await nightlies()).slice(-1));
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

  test('a component that freezes after the reading: the nightly says so, and publishes nothing', async () => {
    const component = farm.component(0);
    for (const [what, nth] of [
      ['upload-pack', 3],
      ['receive-pack', 1],
    ] as const) {
      await component.commit({ frozen: what });
      const before = await farm.super.git('for-each-ref');
      await farm.forget();
      await farm.onConnect(
        `if [ "$command $repository" = "${what} ./c001.git" ]; then n=$(grep -c "$command $repository" connections.log); if [ $n -ge ${nth} ]; then exec sleep 600; fi; fi`,
      );
      const network = new Network({ pauseMs: 5, tries: 2, timeoutMs: 6000 });
      await expect(nightly(network, { url: farm.url, branch: 'main' })).rejects.toMatchObject({
        code: 'SP_TRANSIENT',
        message: expect.stringMatching(/c001[^]*no end after 6 s/) as string,
      });
      await farm.onConnect('');
      expect(await farm.super.git('for-each-ref')).toBe(before);
      await expectCloneable();
    }
    const result = await nightly(quick(), { url: farm.url, branch: 'main' });
    expect(result.moves.map(({ path }) => path)).toContain('c001');
  });

  test('a superproject that takes the push and never says so: the nightly looks, and is published', async () => {
    await farm.component(0).commit({ silent: '1' });
    await farm.onConnect(
      `if [ "$command $repository" = "receive-pack ./super.git" ]; then git "$command" "$repository"; exec sleep 600; fi`,
    );
    const network = new Network({ pauseMs: 5, tries: 2, timeoutMs: 10_000 });
    const result = await nightly(network, { url: farm.url, branch: 'main' });
    await farm.onConnect('');
    expect(result.status).toBe('published');
    expect(await farm.super.tip()).toBe(result.commit);
    await expectCloneable(result.tag ?? '');
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
