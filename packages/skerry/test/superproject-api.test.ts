// What a program gets that has the package: the example of docs/how-to/superproject.md, and a function for every command.
import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { SUPERPROJECT_COMMANDS } from '../src/cli/superproject/commands.ts';
import * as api from '../src/superproject.ts';
import { cloneSuper } from './support/superproject-checkout.ts';
import { makeFarm } from './support/superproject-farm.ts';

const PACKAGE = join(import.meta.dirname, '..');
const GUIDE = join(PACKAGE, '..', '..', 'docs', 'how-to', 'superproject.md');

/** What does the same as the command, in a program. */
const FUNCTIONS: Readonly<Record<string, readonly (keyof typeof api)[]>> = {
  init: ['initSuperproject'],
  add: ['addComponent'],
  remove: ['removeComponents'],
  move: ['moveComponent'],
  list: ['readCheckout', 'readSuperproject'],
  clone: ['cloneSuperproject'],
  sync: ['sync'],
  status: ['checkoutStatus', 'remoteOnlyStatus', 'findCoupling'],
  update: ['updateCheckout', 'updateRemote'],
  start: ['startTopic'],
  push: ['pushCheckout'],
  foreach: ['foreachComponent'],
  hook: ['installHook', 'removeHook', 'pushedCommits', 'checkPushed'],
  nightly: ['nightly', 'resumeNightly', 'reproduceNightly'],
  branch: ['branch'],
  tag: ['tag', 'syncTag', 'verifyTag'],
  freeze: ['exportManifest'],
  manifest: ['exportManifest', 'importManifest'],
  log: ['readLog'],
  changelog: ['readChangelog'],
  escrow: ['createEscrow', 'verifyEscrow', 'restoreEscrow'],
  bisect: ['bisect'],
  mirror: ['updateMirrors'],
  doctor: ['diagnose', 'mend'],
};

test('every command has its function in the package', () => {
  expect(Object.keys(FUNCTIONS)).toEqual(SUPERPROJECT_COMMANDS.map(({ name }) => name));
  const exported: Readonly<Record<string, unknown>> = { ...api };
  const missing = Object.values(FUNCTIONS)
    .flat()
    .filter((name) => typeof exported[name] !== 'function');
  expect(missing).toEqual([]);
});

test('a program adds, moves, runs, pushes, examines and removes components', async () => {
  await using farm = await makeFarm({ components: 2 });
  farm.enter();
  const root = await cloneSuper(farm);
  const network = new api.Network({ cwd: root, pauseMs: 5, tries: 2 });
  expect((await api.initSuperproject(network, { dir: root })).isNew).toBe(false);
  await api.sync(network, root);
  const other = { url: '../c001.git', path: 'libs/other', branch: 'main' };
  expect(await api.addComponent(network, root, other)).toMatchObject({ name: 'libs/other' });
  await api.moveComponent(network, root, { from: 'libs/other', to: 'other' });
  await api.startTopic(network, root, { topic: 'topic', words: ['other'] });
  const lines: string[] = [];
  await api.foreachComponent(root, {
    command: ['git symbolic-ref --short HEAD'],
    words: ['other'],
    onLine: (path, line) => lines.push(`${path} ${line}`),
  });
  expect(lines).toEqual(['other topic']);
  await farm.git(root, 'commit', '--quiet', '-m', 'other');
  expect((await api.installHook(root, ['true'])).hook).toBe('pre-push');
  expect((await api.removeHook(root)).removed).toBe(true);
  const pushed = await api.pushCheckout(network, root);
  expect(pushed).toMatchObject({ branch: 'topic', verified: 3 });
  const { findings } = await api.diagnose(network, { at: { root } });
  expect(findings.filter(({ level }) => level === 'problem')).toEqual([]);
  await api.removeComponents(network, root, { words: ['other'] });
  const { components } = await api.readCheckout(root);
  expect(components.map(({ path }) => path)).toEqual(['c001', 'c002']);
  const history = await api.readLog(network, { url: farm.url, root }, { to: 'topic' });
  expect(api.findCoupling(history).pairs).toEqual([]);
});

test('the example of the guide makes a nightly', async () => {
  await using farm = await makeFarm({ branch: () => 'main' });
  farm.enter();
  await farm.super.git('branch', 'master', 'main');
  await farm.component(1).commit({ a: '1' });
  const [, example = ''] = /```js\n([^]*?)```/.exec(await readFile(GUIDE, 'utf8')) ?? [];
  // Inside the package, where `skerry/superproject` is itself.
  const program = join(PACKAGE, `example-${process.pid}.tmp.mjs`);
  await writeFile(program, example);
  try {
    const args = ['--conditions=@skerry/source', program, farm.url];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    expect(stdout).toBe("published master-nightly-1 [ 'c002' ]\n");
  } finally {
    await rm(program);
  }
});
