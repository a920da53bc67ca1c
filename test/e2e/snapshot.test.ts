// Snapshots, forks and suspending of one lab of two machines that talk to each other all the time.
import { afterAll, beforeAll, describe } from 'vitest';
import { damage } from './snapshot/damage.ts';
import { fork } from './snapshot/fork.ts';
import { killed } from './snapshot/killed.ts';
import { restore } from './snapshot/restore.ts';
import { save } from './snapshot/save.ts';
import { suspend } from './snapshot/suspend.ts';
import { fullDisk } from './snapshot/full-disk.ts';
import { testLab, type TestLab } from './support/lab.ts';
import { startTalk } from './snapshot/talk.ts';

let lab: TestLab;
const given = (): TestLab => lab;

beforeAll(async () => {
  const machines = { one: { primary: true, disks: { data: '32 MiB' } }, two: {} };
  lab = await testLab({ name: 'snap', image: 'debian-12', memory: 256, machines });
  await lab.ok(['up']);
  await startTalk(lab);
});
afterAll(async () => {
  await lab[Symbol.asyncDispose]();
});

describe('save', () => save(given));
describe('restore', () => restore(given));
describe('fork', () => fork(given));
describe('suspend', () => suspend(given));
describe('damage', () => damage(given));
describe('killed', () => killed(given));
describe('full disk', fullDisk);
