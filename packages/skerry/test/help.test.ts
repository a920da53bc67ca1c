import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { runSkerry } from './support/run-skerry.ts';

test.each([[['help', '--help']], [['sp', 'help', '-h']], [['help', 'up']]])(
  'skerry %j prints help, and all is well',
  async (words) => {
    const { code, stdout, stderr } = await runSkerry(tmpdir(), words);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^Usage: skerry/);
  },
);

test.each([[['--help']], [['provision', '--help']], [['sp', 'bisect', '--help']]])(
  'the help of %j is no wider than 80 columns, but for commands to paste',
  async (words) => {
    const { stdout } = await runSkerry(tmpdir(), words);
    const wide = stdout.split('\n').filter((line) => line.length > 80 && !line.startsWith('  $ '));
    expect(wide).toEqual([]);
  },
);
