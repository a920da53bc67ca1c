// What the README says to put `skerry` on the PATH, done in a home directory of its own: it may need no other folder.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..', '..');

test('the commands of the README install skerry for an ordinary user', async () => {
  const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
  const section = readme.slice(readme.indexOf('## In your own repository'));
  const [, block = ''] = /```\n([^`]*)```/.exec(section) ?? [];
  const lines = block.split('\n').map((line) => line.replace(/^\$ /, ''));
  const install = lines.slice(
    0,
    lines.findIndex((line) => line.startsWith('cd ')),
  );
  expect(install.join('\n')).not.toMatch(/sudo|npm link/);
  const home = await mkdtemp(join(tmpdir(), 'skerry-home-'));
  try {
    const script = ['set -e', ...install, 'cd /', 'command -v skerry', 'skerry --version'].join(
      '\n',
    );
    const { stdout } = await promisify(execFile)('sh', ['-c', script], {
      cwd: ROOT,
      env: { ...process.env, HOME: home },
    });
    expect(stdout).toMatch(new RegExp(`^${home}/.local/bin/skerry\\n\\d+\\.`));
  } finally {
    await rm(home, { recursive: true });
  }
});
