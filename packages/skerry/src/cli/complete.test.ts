import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { COMMANDS } from './commands.ts';
import { complete } from './complete.ts';

const lab = {
  name: 'lab',
  image: 'debian-12',
  machines: { central: {}, agent_1: {}, agent_2: {} },
};
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skerry-complete-'));
  await writeFile(join(folder, 'skerry.config.json'), JSON.stringify(lab));
});
afterAll(() => rm(folder, { recursive: true }));
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
