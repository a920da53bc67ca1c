import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bisect, type BisectOptions } from '../src/superproject/bisect/bisect.ts';
import { Network } from '../src/superproject/network.ts';
import { cloneSuper, pinOnRemote } from './support/superproject-checkout.ts';
import { type Farm, makeFarm } from './support/superproject-farm.ts';

const before = process.env.SKERRY_CACHE_DIR;
let farm: Farm;

beforeEach(async () => {
  farm = await makeFarm({ components: 4 });
  farm.enter();
  process.env.SKERRY_CACHE_DIR = join(farm.dir, 'cache');
});

afterEach(async () => {
  if (before === undefined) delete process.env.SKERRY_CACHE_DIR;
  else process.env.SKERRY_CACHE_DIR = before;
  await farm[Symbol.asyncDispose]();
});

const network = (signal?: AbortSignal): Network => new Network({ pauseMs: 10, tries: 2, signal });

function find(
  options: Partial<BisectOptions> & { script: string; root?: string; signal?: AbortSignal },
) {
  const command = ['sh', '-c', `echo run >> '${join(farm.dir, 'runs')}'; ${options.script}`];
  const origin = { url: farm.url, root: options.root };
  return bisect(network(options.signal), origin, { good: 'v0', bad: 'main', command, ...options });
}

async function runs(): Promise<number> {
  const text = await readFile(join(farm.dir, 'runs'), 'utf8').catch(() => '');
  return text.split('\n').length - 1;
}

/** Ten nightlies, in each of which three components move by two commits; nightly 7 breaks c003 with its first commit. */
async function nightlies(): Promise<{ bad: string; broken: string }> {
  await farm.super.git('tag', 'v0', 'main');
  let [bad, broken] = ['', ''];
  for (let night = 1; night <= 10; night++) {
    const pins: Record<string, string> = {};
    for (const at of [0, 2, 3]) {
      const isBroken = night >= 7 && at === 2;
      const files = { state: isBroken ? 'broken\n' : 'fine\n' };
      const first = await farm
        .component(at)
        .commit({ ...files, n: `${night}a` }, { message: `${night} a` });
      if (night === 7 && at === 2) broken = first;
      pins[farm.component(at).path] = await farm.component(at).commit({ n: `${night}b` });
    }
    const commit = await pinOnRemote(farm, pins);
    if (night === 7) bad = commit;
    await farm.super.git('tag', '-a', '-m', 'n', `main-nightly-${night}`, commit);
  }
  return { bad, broken };
}

const GREP = '! grep -q broken c003/state';

describe('bisect', () => {
  test('finds the nightly, the component in it, and the commit in there, in few runs', async () => {
    const { bad, broken } = await nightlies();
    const found = await find({ script: GREP });
    expect(found).toMatchObject({
      bad: { id: bad },
      suspects: [{ path: 'c003' }],
      commit: { id: broken, subject: '7 a' },
      untested: [],
    });
    // Both ends: 2 runs; 10 nightlies: 4; 3 components: 2; 2 commits: 1.
    expect(found.runs).toBeLessThanOrEqual(9);
    expect(await runs()).toBe(found.runs);
    expect(await readdir(join(farm.dir, 'cache/superproject-bisect'))).toEqual([]);
  });

  test('in a checkout it takes objects from there, and leaves it alone', async () => {
    const { broken } = await nightlies();
    const root = await cloneSuper(farm, 'w', '--recurse-submodules');
    await writeFile(join(root, 'mine'), 'x');
    await farm.forget();
    const found = await find({ script: GREP, root, good: 'v0', bad: 'HEAD' });
    expect(found.commit?.id).toBe(broken);
    expect(await farm.connections()).toEqual([]);
    expect(await farm.git(root, 'status', '--porcelain')).toBe('?? mine');
  });

  test('goes on after it was interrupted, and runs no test twice', async () => {
    const { broken } = await nightlies();
    const stop = new AbortController();
    const script = `test $(wc -l < '${join(farm.dir, 'runs')}') != 3 || sleep 30; ${GREP}`;
    const ended = find({ script, signal: stop.signal }).catch((error: Error) => error.name);
    await expect.poll(runs, { timeout: 30_000 }).toBe(3);
    stop.abort();
    expect(await ended).toBe('AbortError');
    const found = await find({ script });
    expect(found.commit?.id).toBe(broken);
    expect(found.remembered).toBe(2);
    // The one that was interrupted is run again.
    expect(await runs()).toBe(found.runs + 3);
  });

  test('ends that are not good and bad, or that are swapped, are refused', async () => {
    await nightlies();
    const tags = { good: 'main-nightly-1', bad: 'main-nightly-5' };
    await expect(find({ script: 'true', ...tags })).rejects.toMatchObject({
      code: 'SP_BISECT_END',
      message: expect.stringContaining("'main-nightly-5' should be bad, and is good"),
    });
    await expect(find({ script: 'false', ...tags })).rejects.toThrow(
      "'main-nightly-1' should be good, and is bad",
    );
    await expect(find({ script: 'exit 125', ...tags })).rejects.toThrow('cannot be tested');
    const before = await runs();
    for (const good of ['main', 'v0'])
      await expect(find({ script: GREP, good, bad: 'v0' })).rejects.toMatchObject({
        code: 'SP_BISECT_SWAPPED',
      });
    expect(await runs()).toBe(before);
  });

  test('what cannot be tested is passed over, and named when it may be the first bad one', async () => {
    const { bad, broken } = await nightlies();
    const skipped = await farm.super.git('rev-parse', 'main-nightly-6^{}');
    const found = await find({
      script: `test $SKERRY_BISECT_COMMIT != ${skipped} || exit 125; ${GREP}`,
    });
    expect(found.bad.id).toBe(bad);
    expect(found.untested).toEqual([skipped]);
    expect(found.commit?.id).toBe(broken);
  });

  test('only tagged commits are tested when told', async () => {
    await farm.super.git('tag', 'v0', 'main');
    const path = 'c002';
    for (const [text, tag] of [['fine'], ['fine', 'n-1'], ['broken'], ['broken', 'n-2']]) {
      const pin = await farm.component(1).commit({ state: `${text}\n`, x: `${tag}${text}` });
      await pinOnRemote(farm, { [path]: pin });
      if (tag !== undefined) await farm.super.git('tag', tag, 'main');
    }
    const found = await find({ script: '! grep -q broken c002/state', tags: 'n-*' });
    expect(found.bad.id).toBe(await farm.super.git('rev-parse', 'n-2'));
    expect(found.name).toBe('n-2');
    expect(found.good).toBe(await farm.super.git('rev-parse', 'n-1'));
    expect(found.commit?.subject).toMatch(/^change/);
    const wanted = await farm.component(1).git('rev-parse', 'main~1');
    expect(found.commit?.id).toBe(wanted);
  });

  test("the superproject's own files, added and removed components", async () => {
    await farm.super.git('tag', 'v0', 'main');
    await farm.super.commit({ 'build.sh': 'broken\n' }, { message: 'own' });
    const own = await find({ script: '! grep -qs broken build.sh' });
    expect(own).toMatchObject({ bad: { subject: 'own' }, suspects: [{ path: '.' }] });
    await pinOnRemote(farm, { c004: undefined, c001: await farm.component(0).commit({ a: '1' }) });
    const gone = await find({ script: 'test -e c004/README' });
    expect(gone.suspects).toMatchObject([{ path: 'c004', to: undefined }]);
    expect(gone.commit).toBeUndefined();
  });

  test('a command that ends with 128 or more, or is not there, ends it; nothing is lost', async () => {
    await nightlies();
    await expect(find({ script: 'exit 130' })).rejects.toMatchObject({ code: 'SP_BISECT_COMMAND' });
    await expect(find({ script: 'kill -9 $$' })).rejects.toThrow(/was killed by SIGKILL/);
    const missing = find({ script: '', command: ['/no/such/program'] });
    await expect(missing).rejects.toMatchObject({ code: 'PROGRAM_MISSING' });
    expect(existsSync(join(farm.dir, 'cache/superproject-bisect'))).toBe(true);
  });

  test('inside a component with merges', async () => {
    await farm.super.git('tag', 'v0', 'main');
    const component = farm.component(1);
    const base = await component.tip();
    for (let n = 0; n < 4; n++) await component.commit({ [`m${n}`]: '1' });
    await component.commit({ s1: '1' }, { branch: 'side', from: base });
    const broken = await component.commit(
      { state: 'broken\n' },
      { branch: 'side', message: 'culprit' },
    );
    await component.commit({ s2: '1' }, { branch: 'side' });
    await component.git('worktree', 'add', '--quiet', join(farm.dir, 'merge'), 'main');
    await farm.git(join(farm.dir, 'merge'), 'merge', '--quiet', '--no-ff', '-m', 'merge', 'side');
    await pinOnRemote(farm, { c002: await component.tip() });
    const found = await find({ script: '! grep -qs broken c002/state' });
    expect(found.commit?.id).toBe(broken);
  });
});
