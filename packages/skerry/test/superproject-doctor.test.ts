import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { diagnose, mend, type Mended } from '../src/superproject/doctor/doctor.ts';
import { PAINS } from '../src/superproject/doctor/pains.ts';
import type { Finding } from '../src/superproject/doctor/patient.ts';
import { Network } from '../src/superproject/network.ts';
import {
  cloneSuper,
  gitmodulesOf,
  nest,
  pinOnRemote,
  syncWords,
} from './support/superproject-checkout.ts';
import { type Farm, type FarmOptions, makeFarm } from './support/superproject-farm.ts';

/** A farm with a checkout that has all its components, and is well. */
async function farmWith(options: FarmOptions = {}): Promise<{ farm: Farm; root: string }> {
  const farm = await makeFarm({ components: 2, ...options });
  farm.enter();
  const root = await cloneSuper(farm);
  await syncWords(root, { attach: true });
  return { farm, root };
}

const network = (cwd?: string): Network => new Network({ cwd, pauseMs: 5, tries: 2 });

/** `pain path: message` of all that is found. */
const words = ({ findings }: { findings: readonly Finding[] }): string[] =>
  findings.map(({ pain, level, path, message }) => `${pain} ${level} ${path ?? '-'}: ${message}`);

async function look(root: string): Promise<string[]> {
  return words(await diagnose(network(root), { at: { root } }));
}

async function lookAt(farm: Farm, branch?: string): Promise<string[]> {
  return words(await diagnose(network(), { at: { url: farm.url }, branch }));
}

/** Looks for one pain, mends it, and sees that it is gone for doctor, and that a dry run changed nothing before. */
async function mended(root: string, pain: string): Promise<Mended> {
  const before = await look(root);
  expect(before.filter((one) => one.startsWith(`${pain} `))).not.toEqual([]);
  const plan = await mend(network(root), { at: { root }, dryRun: true });
  expect(plan.commands).not.toEqual([]);
  expect(await look(root)).toEqual(before);
  const result = await mend(network(root), { at: { root } });
  expect(result.errors).toEqual([]);
  expect(result.fixed.map((one) => one.pain)).toContain(pain);
  expect(words(result).filter((one) => one.startsWith(`${pain} `))).toEqual([]);
  return result;
}

test('the 23 pains are all in the table, in order', () => {
  expect(PAINS.map(({ id }) => id)).toEqual(Array.from({ length: 23 }, (_, i) => `pain-${i + 1}`));
});

test('each pain has a test here, but for those there is nothing to find of', async () => {
  const tests = await readFile(import.meta.filename, 'utf8');
  const without = PAINS.filter(
    ({ id }) =>
      !tests.includes(`test('${id}: `) &&
      !tests.includes(`\n    '${id}: `) &&
      !tests.includes(`('${id}: %s`),
  );
  expect(without.map(({ id }) => id)).toEqual(['pain-15', 'pain-20']);
  for (const { found } of without) expect(found).toMatch(/^Nothing to find/);
});

test('what is well has no findings, here and with --url', async () => {
  const { farm, root } = await farmWith();
  await using _ = farm;
  expect(await look(root)).toEqual([]);
  expect(await lookAt(farm)).toEqual([]);
  expect((await mend(network(root), { at: { root } })).commands).toEqual([]);
});

describe('pins', () => {
  test('pain-1: protocol v0 and a pin below the tip: shallow clones fail, until it has a ref', async () => {
    const { farm, root } = await farmWith({ isOldProtocol: true });
    await using _ = farm;
    await farm.component(0).commit({ new: '1\n' });
    const clone = (to: string): Promise<string> =>
      farm.git(farm.dir, 'clone', '-q', '--recursive', '--shallow-submodules', farm.url, to);
    await expect(clone('one')).rejects.toThrow();
    expect(await lookAt(farm)).toMatchObject([
      expect.stringMatching(/^pain-1 problem c001: the pin \w+ .* protocol v0/),
    ]);
    await mended(root, 'pain-1');
    await clone('two');
  });

  test('pain-1: the same is no problem under protocol v2', async () => {
    const { farm, root } = await farmWith();
    await using _ = farm;
    await farm.component(0).commit({ new: '1\n' });
    expect(await look(root)).toEqual([]);
  });

  test('pain-2: a pin that is gone for good is named, and nothing is made up', async () => {
    const { farm, root } = await farmWith();
    await using _ = farm;
    await pinOnRemote(farm, { c002: 'f'.repeat(40) });
    await farm.git(root, 'pull', '-q', '--no-recurse-submodules');
    const gone = 'pain-2 problem c002: the pin ffffffffffff: its remote has no such commit';
    expect(await look(root)).toContain(gone);
    expect(await lookAt(farm)).toEqual([gone]);
    const { fixed, findings } = await mend(network(root), { at: { root } });
    expect([fixed, words({ findings })]).toEqual([[], expect.arrayContaining([gone])]);
  });

  test('pain-2: a pin that was rewound away is kept alive', async () => {
    const { farm, root } = await farmWith();
    await using _ = farm;
    const component = farm.component(0);
    await component.commit({ other: '1\n' }, { from: await component.git('rev-parse', 'main~1') });
    await farm.git(join(root, 'c001'), 'fetch', '-q', '--prune');
    await mended(root, 'pain-2');
    await component.git('gc', '-q', '--prune=now');
    await farm.git(farm.dir, 'clone', '-q', '--recursive', farm.url, 'fresh');
  });

  test('pain-3: pinned and pushed in the wrong order', async () => {
    const { farm, root } = await farmWith();
    await using _ = farm;
    await farm.git(join(root, 'c001'), 'commit', '-q', '--allow-empty', '-m', 'mine');
    await farm.git(root, 'commit', '-q', '-a', '-m', 'pins mine');
    expect(await look(root)).toEqual([
      expect.stringMatching(/^pain-3 note c001: the pin .* not pushed/),
    ]);
    await farm.git(root, 'push', '-q', 'origin', 'HEAD:main');
    await expect(
      farm.git(farm.dir, 'clone', '-q', '--recursive', farm.url, 'one'),
    ).rejects.toThrow();
    await mended(root, 'pain-3');
    await farm.git(farm.dir, 'clone', '-q', '--recursive', farm.url, 'two');
  });
});

describe('pins of components of components', () => {
  test('pain-3: one that is only in this checkout is named by its own path, and is mended', async () => {
    const { farm, root } = await farmWith();
    await using _ = farm;
    const [outer, inner] = [farm.component(0), farm.component(1)];
    const pin = await nest(outer, inner, await inner.tip());
    await pinOnRemote(farm, { c001: pin });
    await farm.git(root, 'pull', '-q', '--no-recurse-submodules');
    await farm.git(root, 'submodule', '-q', 'update', '--init', '--recursive');
    const [c001, deep] = [join(root, 'c001'), join(root, 'c001/inner')];
    await farm.git(deep, 'commit', '-q', '--allow-empty', '-m', 'mine');
    await farm.git(c001, 'commit', '-q', '-am', 'pins mine');
    await farm.git(c001, 'push', '-q', 'origin', 'HEAD:main');
    await farm.git(root, 'commit', '-q', '-am', 'pins that');
    await farm.git(root, 'push', '-q', 'origin', 'HEAD:main');
    // No longer a tip, so that it is looked at.
    await outer.commit({ later: '1\n' });
    expect((await look(root))[0]).toMatch(/^pain-3 problem c001\/inner: .* only in this checkout/);
    const { fixed } = await mended(root, 'pain-3');
    expect(fixed.map(({ path }) => path)).toEqual(['c001/inner']);
    await farm.git(farm.dir, 'clone', '-q', '--recursive', farm.url, 'fresh');
  });
});

describe('clones of components', () => {
  test('pain-4: commits on a detached HEAD get a ref', async () => {
    const { farm, root } = await farmWith();
    await using _ = farm;
    const dir = join(root, 'c001');
    await farm.git(dir, 'checkout', '-q', '--detach');
    await farm.git(dir, 'commit', '-q', '--allow-empty', '-m', 'lost');
    const lost = await farm.git(dir, 'rev-parse', 'HEAD');
    await mended(root, 'pain-4');
    expect(
      await farm.git(dir, 'for-each-ref', '--format=%(objectname)', 'refs/superproject/rescue'),
    ).toBe(lost);
    expect(await farm.git(dir, 'rev-parse', 'HEAD')).toBe(lost);
  });

  test('pain-5: the branch that is followed is written down', async () => {
    const { farm, root } = await farmWith({ branch: () => 'trunk' });
    await using _ = farm;
    await farm.git(root, 'config', '-f', '.gitmodules', '--unset', 'submodule.c001.branch');
    await farm.git(root, 'add', '.gitmodules');
    await mended(root, 'pain-5');
    expect(await farm.git(root, 'config', '-f', '.gitmodules', 'submodule.c001.branch')).toBe(
      'trunk',
    );
  });

  test('pain-5: a clone of one branch fetches the one it follows', async () => {
    const { farm, root } = await farmWith();
    await using _ = farm;
    const dir = join(root, 'c001');
    await farm.component(0).git('branch', 'dev', 'main');
    await farm.git(dir, 'config', 'remote.origin.fetch', '+refs/heads/dev:refs/remotes/origin/dev');
    await mended(root, 'pain-5');
    await farm.git(dir, 'fetch', '-q');
    await farm.git(dir, 'rev-parse', 'origin/main');
  });

  test('pain-13: at the tip and detached is a note', async () => {
    const { farm, root } = await farmWith();
    await using _ = farm;
    await farm.git(join(root, 'c002'), 'checkout', '-q', '--detach');
    expect(await look(root)).toEqual([
      'pain-13 note -: detached at the tips of the branches they follow: c002',
    ]);
    await syncWords(root, { attach: true });
    expect(await look(root)).toEqual([]);
  });
});

describe('configuration', () => {
  test('pain-6: an old url and branch in .git/config; the url of a fork stays', async () => {
    const { farm, root } = await farmWith({ components: 3 });
    await using _ = farm;
    const [one, two, three] = farm.components;
    await pinOnRemote(farm, {}, gitmodulesOf([{ ...one!, url: two!.url }, two!, three!]));
    await farm.git(root, 'pull', '-q', '--no-recurse-submodules');
    await farm.git(root, 'config', 'submodule.c002.branch', 'old');
    await farm.git(root, 'config', 'submodule.c003.url', one!.url);
    const { findings } = await mended(root, 'pain-6').catch(() =>
      mend(network(root), { at: { root } }),
    );
    expect(words({ findings }).filter((text) => text.startsWith('pain-6'))).toEqual([
      expect.stringMatching(/^pain-6 note c003: .git\/config says the url/),
    ]);
    expect(await farm.git(root, 'config', 'submodule.c001.url')).toBe(two!.url);
    expect(await farm.git(root, 'config', 'submodule.c003.url')).toBe(one!.url);
    await expect(farm.git(root, 'config', 'submodule.c002.branch')).rejects.toThrow();
  });

  test('pain-7: branch = . on a detached HEAD', async () => {
    const { farm, root } = await farmWith();
    await using _ = farm;
    await farm.git(root, 'config', '-f', '.gitmodules', 'submodule.c001.branch', '.');
    expect(await look(root)).toEqual([]);
    await farm.git(root, 'checkout', '-q', '--detach');
    expect(await look(root)).toEqual([
      "pain-7 problem -: 1 components follow 'branch = .', and no branch is checked out",
    ]);
    const named = await diagnose(network(root), { at: { root }, branch: 'main' });
    expect(named.findings).toEqual([]);
  });

  test('pain-8: a branch that its remote has not', async () => {
    const { farm, root } = await farmWith();
    await using _ = farm;
    await farm.component(0).git('branch', '-m', 'main', 'renamed');
    const found = "pain-8 problem c001: its remote has no branch 'main', which it follows";
    expect(await look(root)).toEqual([found]);
    expect(await lookAt(farm)).toEqual([found]);
  });

  test('pain-12: submodule.recurse', async () => {
    const { farm, root } = await farmWith();
    await using _ = farm;
    await farm.git(root, 'config', 'submodule.recurse', 'true');
    await mended(root, 'pain-12');
    await farm.git(root, 'config', '--global', 'submodule.recurse', 'true');
    const { findings, fixed } = await mend(network(root), { at: { root } });
    expect(findings).toMatchObject([
      { pain: 'pain-12', hint: 'git config --global --unset submodule.recurse' },
    ]);
    expect(fixed).toEqual([]);
  });

  test('pain-14: protocol.file.allow', async () => {
    const { farm, root } = await farmWith();
    await using _ = farm;
    await farm.git(root, 'config', 'protocol.file.allow', 'always');
    await mended(root, 'pain-14');
  });

  test('pain-16: many components, fetched one by one', async () => {
    const { farm, root } = await farmWith({ components: 10, commits: 1 });
    await using _ = farm;
    expect(await look(root)).toEqual([
      'pain-16 note -: git fetches 10 components one after another',
    ]);
    await farm.git(root, 'config', 'submodule.fetchJobs', '8');
    expect(await look(root)).toEqual([]);
  });
});

describe('remotes', () => {
  test('pain-9: in a fork, the component is beside the original', async () => {
    const { farm } = await farmWith();
    await using _ = farm;
    await mkdir(join(farm.dir, 'fork'));
    await farm.git(farm.dir, 'clone', '-q', '--bare', farm.url, 'fork/super.git');
    const url = farm.url.replace('super.git', 'fork/super.git');
    expect(words(await diagnose(network(), { at: { url } }))).toEqual([
      expect.stringMatching(/^pain-9 problem c001: there is no repository at .*\/fork\/c001.git$/),
      expect.stringMatching(/^pain-9 problem c002: /),
    ]);
    await farm.git(farm.dir, 'clone', '-q', url, 'forked');
    const root = join(farm.dir, 'forked');
    await farm.git(root, 'remote', 'add', 'upstream', farm.url);
    await mended(root, 'pain-9');
    expect((await syncWords(root)).words).toEqual({ c001: 'cloned', c002: 'cloned' });
  });

  test('pain-9: an absolute url beside the own is a note', async () => {
    await using farm = await makeFarm({ components: 1, urls: 'absolute' });
    farm.enter();
    expect(await lookAt(farm)).toEqual([
      expect.stringMatching(/^pain-9 note -: their urls are absolute, .*: c001$/),
    ]);
  });

  test('pain-17: a server that breaks connections', async () => {
    const { farm, root } = await farmWith();
    await using _ = farm;
    await farm.onConnect(
      'case $repository in ./c002.git) echo "kex_exchange_identification: Connection closed by remote host" >&2; exit 1;; esac',
    );
    expect(await look(root)).toEqual([
      expect.stringMatching(/^pain-17 problem c002: .*2 times tried/),
    ]);
  });

  test('pain-21: a component that lets nobody in', async () => {
    const { farm, root } = await farmWith();
    await using _ = farm;
    await farm.onConnect(
      'case $repository in ./c002.git) echo "Permission denied (publickey)." >&2; exit 1;; esac',
    );
    expect(await look(root)).toEqual([expect.stringMatching(/^pain-21 problem c002: /)]);
    expect(await lookAt(farm)).toEqual([expect.stringMatching(/^pain-21 problem c002: /)]);
  });
});

describe('the checkout', () => {
  /** Two sides that move the pin of c001 differently, merged. */
  async function conflict(farm: Farm, root: string): Promise<void> {
    const component = farm.component(0);
    const base = await component.tip();
    const ours = await component.commit({ a: '1\n' });
    const theirs = await component.commit({ b: '1\n' }, { branch: 'side', from: base });
    for (const [branch, pin] of [
      ['theirs', theirs],
      ['ours', ours],
    ] as const) {
      await farm.git(root, 'checkout', '-q', '-b', branch, 'main');
      await farm.git(root, 'update-index', '--cacheinfo', `160000,${pin},c001`);
      await farm.git(root, 'commit', '-q', '-m', branch);
    }
    await farm.git(root, 'merge', 'theirs').catch(() => '');
  }

  test('pain-10: a conflict of pins is mended forward only', async () => {
    const { farm, root } = await farmWith();
    await using _ = farm;
    await conflict(farm, root);
    const conflicted = 'pain-10 problem c001: a merge left more than one pin';
    expect(await look(root)).toContain(conflicted);
    const { errors } = await mend(network(root), { at: { root } });
    expect(errors).toMatchObject([{ code: 'SP_REWOUND' }]);
    expect(await look(root)).toContain(conflicted);
    // The component merges both; that is the tip then.
    const work = join(farm.dir, 'work');
    await farm.git(farm.dir, 'clone', '-q', farm.component(0).url, 'work');
    await farm.git(work, 'merge', '-q', '-m', 'both', 'origin/side');
    await farm.git(work, 'push', '-q');
    await mended(root, 'pain-10');
    expect(await farm.git(root, 'ls-files', '--stage', 'c001')).toBe(
      `160000 ${await farm.component(0).tip()} 0\tc001`,
    );
  });

  test('pain-11: a pin without a section gets the one of its clone, or goes', async () => {
    const { farm, root } = await farmWith();
    await using _ = farm;
    await writeFile(join(root, '.gitmodules'), gitmodulesOf([farm.component(1)]));
    await farm.git(root, 'add', '.gitmodules');
    await farm.git(root, 'update-index', '--add', '--cacheinfo', `160000,${'e'.repeat(40)},ghost`);
    await mended(root, 'pain-11').catch(async () => mend(network(root), { at: { root } }));
    expect(await farm.git(root, 'config', '-f', '.gitmodules', 'submodule.c001.url')).toBe(
      farm.component(0).url,
    );
    expect(await farm.git(root, 'ls-files', 'ghost')).toBe('');
    expect((await look(root)).filter((one) => one.startsWith('pain-11'))).toEqual([]);
  });

  test('pain-11: a section without a pin, and a pin without a section with --url', async () => {
    const { farm, root } = await farmWith();
    await using _ = farm;
    await farm.git(root, 'update-index', '--force-remove', 'c001');
    expect(await look(root)).toEqual([
      'pain-11 problem c001: it has a section in .gitmodules, and nothing is pinned',
    ]);
    await pinOnRemote(farm, {}, gitmodulesOf([farm.component(1)]));
    expect(await lookAt(farm)).toEqual([
      expect.stringMatching(/^pain-11 problem -: .* pinned at c001/),
    ]);
  });

  test('pain-11: a git directory of another repository under the name', async () => {
    const { farm, root } = await farmWith();
    await using _ = farm;
    await farm.git(root, 'submodule', '--quiet', 'deinit', '-f', 'c001');
    await farm.git(
      join(root, '.git/modules/c001'),
      'config',
      'remote.origin.url',
      farm.component(1).url,
    );
    expect(await look(root)).toContain(
      `pain-11 problem c001: a git directory of ${farm.component(1).url} is kept here under its name`,
    );
  });

  test('pain-12: a work tree that a switch left behind goes when nothing is lost', async () => {
    const { farm, root } = await farmWith();
    await using _ = farm;
    await farm.git(root, 'checkout', '-q', '-b', 'without');
    await writeFile(join(root, '.gitmodules'), gitmodulesOf([farm.component(1)]));
    await farm.git(root, 'update-index', '--force-remove', 'c001');
    await farm.git(root, 'commit', '-q', '-a', '-m', 'without');
    await writeFile(join(root, 'c001', 'mine'), 'work\n');
    const kept = await mend(network(root), { at: { root } });
    expect(kept.errors).toMatchObject([{ code: 'SP_REMOVE_LOSES' }]);
    expect(kept.fixed).toEqual([]);
    expect(await readFile(join(root, 'c001', 'mine'), 'utf8')).toBe('work\n');
    await rm(join(root, 'c001', 'mine'));
    await mended(root, 'pain-12');
    await expect(readFile(join(root, 'c001', 'README'))).rejects.toThrow('ENOENT');
  });

  test('pain-18: a worktree that is gone, with commits in its components', async () => {
    const { farm, root } = await farmWith();
    await using _ = farm;
    const other = join(farm.dir, 'other');
    await farm.git(root, 'worktree', 'add', '-q', other, '-b', 'side');
    await farm.git(other, 'submodule', '--quiet', 'update', '--init');
    expect(await look(root)).toEqual([]);
    await rm(other, { recursive: true });
    expect(await look(root)).toEqual([
      expect.stringMatching(/^pain-18 problem -: the worktree .*other is gone/),
    ]);
  });

  test('pain-19: update bots are a note', async () => {
    const { farm, root } = await farmWith();
    await using _ = farm;
    await mkdir(join(root, '.github'));
    await writeFile(
      join(root, '.github', 'dependabot.yml'),
      'updates:\n- package-ecosystem: gitsubmodule\n',
    );
    await writeFile(join(root, 'renovate.json'), '{"git-submodules": {"enabled": true}}\n');
    await farm.git(root, 'add', '.');
    expect((await look(root)).map((one) => one.split(':')[0])).toEqual([
      'pain-19 note -',
      'pain-19 note -',
    ]);
  });

  test('pain-22: names that Windows and macOS cannot have', async () => {
    const long = `l/${'x'.repeat(120)}`;
    const { farm, root } = await farmWith({ names: ['aux', 'Lib/a', long] });
    await using _ = farm;
    await mkdir(join(root, 'lib'));
    await writeFile(join(root, 'lib', 'file'), '');
    await farm.git(root, 'add', 'lib');
    expect((await look(root)).toSorted()).toEqual([
      "pain-22 problem Lib/a: 'Lib' and 'lib' are one folder on Windows and macOS",
      "pain-22 problem aux: Windows cannot have 'aux'",
      `pain-22 problem ${long}: its name has 122 characters: too long for Windows`,
      `pain-22 problem ${long}: its path has 122 characters: too long for Windows`,
    ]);
  });

  test.each([
    ['path = ../out', 'leads elsewhere'],
    ['path = .git/hooks', "git's own folder"],
    ['update = !touch pwned', 'would run a program'],
    ['url = ext::sh -c id', 'runs a program'],
    ['url = -u./payload', 'looks like an option'],
    ['path = "c001\r"', 'control'],
    [`branch = ${'a'.repeat(40)}`, 'looks like a commit'],
  ])('pain-23: %s is refused, with its line', async (line, reason) => {
    await using farm = await makeFarm({ components: 1 });
    farm.enter();
    const root = await cloneSuper(farm);
    const text = await readFile(join(root, '.gitmodules'), 'utf8');
    const key = line.split(' ')[0] ?? '';
    const without = text.replace(new RegExp(`\\t${key} = .*\\n`), '');
    await pinOnRemote(farm, {}, `${without}\t${line}\n`);
    await farm.git(root, 'pull', '-q', '--no-recurse-submodules');
    for (const found of [await look(root), await lookAt(farm)]) {
      expect(found).toEqual([expect.stringMatching(/^pain-23 problem -: .*\.gitmodules:[45]:2: /)]);
      expect(found[0]).toContain(reason);
    }
  });
});
