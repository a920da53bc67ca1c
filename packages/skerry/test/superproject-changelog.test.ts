import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readChangelog } from '../src/superproject/changelog/changelog.ts';
import type { ChangelogSection } from '../src/superproject/changelog/document.ts';
import { formatMarkdown } from '../src/superproject/changelog/format-markdown.ts';
import { readLog } from '../src/superproject/changelog/superproject-log.ts';
import { Network } from '../src/superproject/network.ts';
import { cloneSuper, gitmodulesOf, pinOnRemote } from './support/superproject-checkout.ts';
import { type Farm, makeFarm } from './support/superproject-farm.ts';

const quick = (cwd?: string): Network => new Network({ pauseMs: 10, tries: 2, cwd });

function words({ path, kind, commits, dropped }: ChangelogSection): unknown {
  return [path, kind, commits.map(({ subject }) => subject), dropped.map(({ subject }) => subject)];
}

async function changelog(farm: Farm, range: { from: string; to: string }, root?: string) {
  return readChangelog(quick(), { url: farm.url, root }, range);
}

/** A component whose history has a merge of a branch that began before the pinned commit. */
async function withMerge(farm: Farm): Promise<{ old: string; fresh: string }> {
  const component = farm.component(0);
  const old = await component.tip();
  const side = await component.commit(
    { s: '1' },
    { branch: 'side', from: `${old}~1`, message: 's1' },
  );
  await component.commit({ s: '2' }, { branch: 'side', message: 's2' });
  const tree = await component.git('rev-parse', 'side^{tree}');
  const tip = await component.git('rev-parse', 'side');
  const fresh = await component.git('commit-tree', tree, '-p', old, '-p', tip, '-m', 'merge side');
  expect(side).not.toBe(tip);
  await component.git('update-ref', 'refs/heads/main', fresh);
  return { old, fresh };
}

describe('changelog', () => {
  test('lists just what lies between two pins, over two connections', async () => {
    await using farm = await makeFarm({ commits: 20 });
    farm.enter();
    await farm.super.git('tag', 'v1', 'main');
    const first = await farm.component(1).commit({ a: '1' }, { message: 'first (#12)' });
    const second = await farm.component(1).commit({ a: '2' }, { message: 'second' });
    await pinOnRemote(farm, { c002: second });
    await farm.forget();
    const log = await changelog(farm, { from: 'v1', to: 'main' });
    expect(log.sections.map(words)).toEqual([['c002', 'forward', ['second', 'first (#12)'], []]]);
    expect(log.sections[0]?.commits[1]).toMatchObject({ id: first, author: 'Farm' });
    expect(log.unchanged).toBe(2);
    const opened = (await farm.connections()).filter((line) => line.includes('c002'));
    // Two for the commits, one to see whether it has components of its own.
    expect(opened).toHaveLength(3);
    expect((await farm.connections()).some((line) => line.includes('c001'))).toBe(false);
  });

  test('has all of a branch that was merged and began before the old pin', async () => {
    await using farm = await makeFarm();
    farm.enter();
    const { old, fresh } = await withMerge(farm);
    await pinOnRemote(farm, { c001: fresh });
    const log = await changelog(farm, {
      from: await farm.super.git('rev-parse', 'main~1'),
      to: 'main',
    });
    expect(log.sections.map(words)).toEqual([['c001', 'forward', ['merge side', 's2', 's1'], []]]);
    expect(log.sections[0]?.commits[0]?.parents).toHaveLength(2);
    expect(log.sections[0]?.from).toBe(old);
    const list = await farm.component(0).git('rev-list', `${old}..${fresh}`);
    expect(log.sections[0]?.commits.map(({ id }) => id).sort()).toEqual(list.split('\n').sort());
  });

  test.each([false, true])(
    'works where hosts speak protocol v0 only: %s',
    async (isOldProtocol) => {
      await using farm = await makeFarm({ isOldProtocol });
      farm.enter();
      const { fresh } = await withMerge(farm);
      await pinOnRemote(farm, { c001: fresh });
      await farm.super.git('branch', 'old', 'main~1');
      const log = await changelog(farm, { from: 'old', to: 'main' });
      expect(log.sections.map(words)).toEqual([
        ['c001', 'forward', ['merge side', 's2', 's1'], []],
      ]);
    },
  );

  test('marks what was rewound, added, removed and moved to another url', async () => {
    await using farm = await makeFarm({ components: 5 });
    farm.enter();
    const main = await farm.super.tip();
    const [a, b, c] = [farm.component(0), farm.component(1), farm.component(2)];
    const aside = await a.commit({ x: '1' }, { from: 'main~1', message: 'aside', branch: 'x' });
    const back = await b.git('rev-parse', 'main~1');
    const listed = farm.components.slice(0, 4).map(({ name, path, branch }) => ({
      ...{ name, path, branch },
      ...(name === 'c003' && { url: '../other/c003.git' }),
    }));
    await farm.git(farm.dir, 'clone', '--quiet', '--bare', c.gitDir, 'other/c003.git');
    const text = gitmodulesOf([
      ...listed,
      { name: 'new', path: 'new', branch: 'main', url: '../c004.git' },
    ]);
    await pinOnRemote(
      farm,
      { c001: aside, c002: back, c005: undefined, new: await farm.component(3).tip() },
      text,
    );
    const log = await changelog(farm, { from: main, to: 'main' });
    expect(log.sections.map(words)).toEqual([
      ['c001', 'rewound', ['aside'], ['c001 3']],
      ['c002', 'rewound', [], ['c002 3']],
      ['c003', 'changed', [], []],
      ['c005', 'removed', [], []],
      ['new', 'added', [], []],
    ]);
    const turned = await changelog(farm, { from: 'main', to: main });
    expect(turned.sections.map(words)).toContainEqual(['c002', 'forward', ['c002 3'], []]);
  });

  test('looks into nested superprojects, and lists no commit twice', async () => {
    await using farm = await makeFarm();
    farm.enter();
    const [outer, lib] = [farm.component(0), farm.component(1)];
    const nest = async (pin: string): Promise<string> => {
      const clone = join(farm.dir, 'nester');
      await farm.git(farm.dir, 'clone', '--quiet', outer.url, clone).catch(() => '');
      await writeFile(join(clone, '.gitmodules'), gitmodulesOf([{ ...lib, path: 'deps/lib' }]));
      await farm.git(clone, 'add', '.gitmodules');
      await farm.git(clone, 'update-index', '--add', '--cacheinfo', `160000,${pin},deps/lib`);
      await farm.git(clone, 'commit', '--quiet', '-m', 'nest');
      await farm.git(clone, 'push', '--quiet', 'origin', 'HEAD:main');
      return farm.git(clone, 'rev-parse', 'HEAD');
    };
    const old = await lib.tip();
    const before = await pinOnRemote(farm, { c001: await nest(old) });
    const fresh = await lib.commit({ l: '1' }, { message: 'lib change' });
    await pinOnRemote(farm, { c001: await nest(fresh), c002: fresh });
    const log = await changelog(farm, { from: before, to: 'main' });
    expect(log.sections.map(words)).toEqual([
      ['c001', 'forward', ['nest'], []],
      ['c002', 'forward', ['lib change'], []],
      ['c001/deps/lib', 'forward', [], []],
    ]);
    expect(log.sections[2]).toMatchObject({
      within: 'c001',
      repeated: [{ path: 'c002', count: 1 }],
    });
  });

  test('takes what a checkout has from there, without a connection', async () => {
    await using farm = await makeFarm();
    farm.enter();
    const tip = await farm.component(2).commit({ a: '1' }, { message: 'seen' });
    await pinOnRemote(farm, { c003: tip });
    const root = await cloneSuper(farm, 'w', '--recurse-submodules');
    await farm.forget();
    const log = await changelog(farm, { from: 'HEAD~1', to: 'HEAD' }, root);
    expect(log.sections.map(words)).toEqual([['c003', 'forward', ['seen'], []]]);
    expect(await farm.connections()).toEqual([]);
  });

  test('a component whose remote is gone is marked, and the others are there', async () => {
    await using farm = await makeFarm();
    farm.enter();
    const pins = {
      c001: await farm.component(0).commit({ a: '1' }),
      c002: await farm.component(1).commit({ a: '1' }),
    };
    await pinOnRemote(farm, pins);
    await farm.git(farm.dir, 'init', '--quiet', '--bare', 'empty.git');
    await farm.onConnect('case $repository in *c001*) repository=./none.git;; esac');
    const log = await changelog(farm, {
      from: await farm.super.git('rev-parse', 'main~1'),
      to: 'main',
    });
    expect(log.sections.map(({ path, kind }) => `${path} ${kind}`)).toEqual([
      'c001 unread',
      'c002 forward',
    ]);
    expect(log.sections[0]?.notes.join('')).toMatch(/there is no repository at/);
  });

  test('hostile commits: not UTF-8, carriage returns, Markdown, a huge message', async () => {
    await using farm = await makeFarm({ components: 1 });
    farm.enter();
    const component = farm.component(0);
    const main = await farm.super.tip();
    const tree = await component.git('rev-parse', 'main^{tree}');
    let parent = await component.tip();
    for (const message of [
      Buffer.from('gr\xfc\xdfe\n', 'latin1'),
      Buffer.from('# not a heading <img src=x>\r\n\r\n- x\r\n'),
      Buffer.from(`huge ${'x'.repeat(3_000_000)}\n`),
      Buffer.from('esc \u001b[2J and \u202e\n'),
    ]) {
      const file = join(farm.dir, 'commit');
      const head = `tree ${tree}\nparent ${parent}\nauthor J\xf6rg <j@x> 1700000000 +0000\ncommitter C <c@x> 1700000000 +0000\n\n`;
      await writeFile(file, Buffer.concat([Buffer.from(head, 'latin1'), message]));
      parent = await component.git('hash-object', '-t', 'commit', '-w', file);
    }
    await component.git('update-ref', 'refs/heads/main', parent);
    await pinOnRemote(farm, { c001: parent });
    const log = await changelog(farm, { from: main, to: 'main' });
    const text = formatMarkdown(log);
    expect(text).toMatch(/^- `\w+` grüße \(Jörg, 2023-11-14\)$/m);
    expect(text).toContain('# not a heading \\<img src=x\\>');
    expect(text).not.toMatch(/^#+ not a heading/m);
    expect(text).toContain('esc \ufffd\\[2J and \ufffd');
    expect(text.length).toBeLessThan(2000);
  });

  test('a branch named like a commit is not taken for it; unknown refs are refused', async () => {
    await using farm = await makeFarm();
    farm.enter();
    const old = await farm.super.tip();
    await pinOnRemote(farm, { c001: await farm.component(0).commit({ a: '1' }) });
    await farm.super.git('update-ref', `refs/heads/${old}`, 'main');
    expect((await changelog(farm, { from: old, to: 'main' })).from.commit).toBe(old);
    for (const name of ['nope', '-x', '--upload-pack=touch x', 'ma*'])
      await expect(changelog(farm, { from: name, to: 'main' })).rejects.toMatchObject({
        code: 'SP_REF_MISSING',
      });
  });
});

describe('log', () => {
  test('says which pins each commit moved, from a checkout and from the remote alike', async () => {
    await using farm = await makeFarm();
    farm.enter();
    await farm.super.git('tag', 'v1', 'main');
    const [from, to] = [await farm.component(0).tip(), await farm.component(0).commit({ a: '1' })];
    await pinOnRemote(farm, { c001: to, c002: undefined });
    const tip = await farm.super.commit({ README: 'hello\n' }, { message: 'own' });
    const remote = await readLog(
      quick(),
      { url: farm.url, root: undefined },
      { from: 'v1', to: 'main' },
    );
    expect(remote.map(({ subject, moves, files }) => ({ subject, moves, files }))).toEqual([
      { subject: 'own', moves: [], files: 1 },
      {
        subject: 'pins',
        moves: [
          { path: 'c001', from, to },
          { path: 'c002', from: expect.any(String), to: undefined },
        ],
        files: 0,
      },
    ]);
    const root = await cloneSuper(farm);
    await farm.forget();
    const local = await readLog(quick(), { url: farm.url, root }, { from: 'v1', to: 'HEAD' });
    expect(local).toEqual(remote);
    expect(await farm.connections()).toEqual([]);
    const one = await readLog(
      quick(),
      { url: farm.url, root: undefined },
      { to: 'main', limit: 1 },
    );
    expect(one.map(({ id, files }) => [id, files])).toEqual([[tip, 1]]);
  });

  test('reads thousands of commits in seconds', async () => {
    await using farm = await makeFarm({ components: 2 });
    farm.enter();
    const pins = await farm.component(0).tip();
    let stream = '';
    for (let n = 0; n < 5000; n++) {
      const pin = n.toString(16).padStart(40, 'a');
      const head = `commit refs/heads/main\ncommitter F <f@f> ${1_700_100_000 + n} +0000\ndata 2\nn\n`;
      stream += `${head}${n === 0 ? 'from refs/heads/main^0\n' : ''}M 160000 ${pin} c001\n\n`;
    }
    await writeFile(join(farm.dir, 'stream'), stream);
    await farm.git(
      farm.super.gitDir,
      'config',
      'alias.import',
      `!git fast-import --quiet < ${join(farm.dir, 'stream')}`,
    );
    await farm.super.git('import');
    const start = performance.now();
    const log = await readLog(quick(), { url: farm.url, root: undefined }, { to: 'main' });
    expect(log).toHaveLength(5001);
    expect(log.at(-2)?.moves[0]?.from).toBe(pins);
    expect(performance.now() - start).toBeLessThan(20_000);
  });
});
