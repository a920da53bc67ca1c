import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { finish, SKERRY } from '../support/cli.ts';
import { processesOf } from '../support/leaks.ts';
import { SMALL } from '../support/small.ts';

// As in ../faults/disk-full.ts.
const SCRIPT = `
mount -t tmpfs -o size="$1" tmpfs "$2/state"
shift 2
"$@" up; echo "up $?"
"$@" snapshot save one; echo "save $?"
"$@" exec -- echo alive
"$@" snapshot list
"$@" destroy --yes; echo "destroy $?"
`;

export function fullDisk(): void {
  test('a snapshot for which there is no room: a clear error, and the lab runs on', async () => {
    const root = await mkdtemp(join(tmpdir(), 'skerry-e2e-'));
    try {
      await chmod(root, 0o755);
      for (const name of ['state', 'lab']) await mkdir(join(root, name));
      await writeFile(join(root, 'lab', 'skerry.config.json'), JSON.stringify(SMALL));
      const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user', '--map-auto'];
      const words = ['unshare', ...user, '--mount', 'sh', '-c', SCRIPT, 'sh', '48m', root];
      const { stdout, stderr } = await finish([...words, process.execPath, SKERRY], {
        cwd: join(root, 'lab'),
        env: { SKERRY_STATE_DIR: join(root, 'state'), SKERRY_UPLINK: 'none' },
      });
      expect(stdout, stderr).toMatch(/^up 0$/m);
      expect(stdout).toMatch(/^save 1$/m);
      expect(stderr).toMatch(/the disk is full/);
      expect(stdout).toMatch(/^alive$/m);
      expect(stdout).toContain('No snapshots yet');
      expect(stdout.trim().split('\n').at(-1)).toBe('destroy 0');
      expect(await processesOf(root)).toEqual([]);
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  });
}
