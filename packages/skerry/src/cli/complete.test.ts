import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { COMMANDS } from './commands.ts';
import { complete } from './complete.ts';
import { writeSnapshotRecord } from '../snapshot/store.ts';
import { labPaths } from '../util/paths.ts';

const lab = {
  name: 'lab',
  image: 'debian-12',
  machines: { central: {}, agent_1: {}, agent_2: {} },
  provision: { base: { shell: 'true' }, join: { shell: 'true' } },
};
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skerry-complete-'));
  await writeFile(join(folder, 'skerry.config.json'), JSON.stringify(lab));
  vi.stubEnv('SKERRY_STATE_DIR', join(folder, 'state'));
  vi.stubEnv('SKERRY_DATA_DIR', join(folder, 'data'));
  const ready = join(labPaths({ name: 'lab', dir: folder }).snapshotsDir, 'ready');
  await mkdir(ready, { recursive: true });
  await writeSnapshotRecord(ready, {
    ...{ format: 1, name: 'ready', taken: '2026-11-25T00:00:00Z', pauseMs: 1, accel: 'tcg' },
    ...{ host: {}, machines: [] },
  });
  const fork = labPaths({ name: 'lab', dir: folder, fork: 'side' });
  await mkdir(fork.dir, { recursive: true });
  const record = { id: fork.id, name: 'lab', file: '', dir: folder, fork: 'side' };
  await writeFile(fork.record, JSON.stringify(record));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});
afterEach(() => vi.restoreAllMocks());

const completions = async (words: readonly string[]): Promise<string[]> => {
  const said: string[] = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void said.push(line));
  vi.spyOn(process, 'cwd').mockReturnValue(folder);
  await complete(words, COMMANDS);
  return said;
};

test.each([
  [['st'], ['status']],
  [['ssh'], ['ssh', 'ssh-config']],
  [['nothing', ''], []],
  [['up', '--dr'], ['--dry-run']],
  [
    ['up', 'agent'],
    ['agent_1', 'agent_2'],
  ],
  [['up', 'agent_1', 'c'], ['central']],
  [
    ['exec', '--on', 'ag'],
    ['agent_1', 'agent_2'],
  ],
  [
    ['image', ''],
    ['build', 'list', 'remove', 'prune', 'gc'],
  ],
  [['image', 'build', 'debian-1'], ['debian-12']],
  [['snapshot', 'restore', 'r'], ['ready']],
  [['fork', '--from', ''], ['ready']],
  [
    ['provision', '--only', ''],
    ['base', 'join'],
  ],
  [['provision', 'ce'], ['central']],
  [['status', '--lab', ''], ['side']],
  [
    ['completion', ''],
    ['bash', 'zsh', 'fish'],
  ],
])('after skerry %j may come %j', async (words, expected) => {
  expect(await completions(words)).toEqual(expected);
});

test('all commands may come first', async () => {
  expect(await completions([''])).toEqual(COMMANDS.map(({ name }) => name));
});
