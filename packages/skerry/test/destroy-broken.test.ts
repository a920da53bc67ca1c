import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const SKERRY = fileURLToPath(new URL('../bin/skerry.js', import.meta.url));

test('destroy removes a lab whose file is wrong by now', () => {
  const folder = mkdtempSync(join(tmpdir(), 'broken-'));
  try {
    const file = join(folder, 'skerry.config.json');
    writeFileSync(file, '{ "name": "one", "imgae": "debian-12" }');
    const state = join(folder, 'state', 'labs', 'one-123456');
    mkdirSync(state, { recursive: true });
    const record = { id: 'one-123456', name: 'one', file, dir: folder };
    writeFileSync(join(state, 'lab.json'), JSON.stringify(record));
    const run = (...words: string[]) =>
      spawnSync(process.execPath, [SKERRY, ...words], {
        cwd: folder,
        encoding: 'utf8',
        env: { ...process.env, SKERRY_STATE_DIR: join(folder, 'state') },
      });
    expect(run('status').status).toBe(2);
    expect(run('destroy', '--yes', 'one')).toMatchObject({ status: 2 });
    expect(run('destroy', '--yes')).toMatchObject({ status: 0, stdout: 'Destroyed lab one.\n' });
    expect(existsSync(state)).toBe(false);
    expect(run('destroy', '--yes').stderr).toContain('imgae');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
