import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { finish, SKERRY } from '../support/cli.ts';
import type { LabState } from '../support/lab.ts';
import { processesOf } from '../support/leaks.ts';
import { SMALL } from '../support/small.ts';

// In a mount namespace of its own, so that the small file system is nobody else's and goes with it.
const SCRIPT = `
mount -t tmpfs -o size="$1" tmpfs "$2/state"
shift 2
"$@" up; echo "up $?"
"$@" status --json >status.json; echo "status $?"
"$@" destroy --yes; echo "destroy $?"
find ../state -mindepth 1 ! -path ../state/labs
`;

export function diskFull(): void {
  test.each(['64k', '160k', '400k'])(
    'a disk of %s for the state fills up: a clear error, no half-made machine that counts as ready, nothing left',
    async (size) => {
      const root = await mkdtemp(join(tmpdir(), 'skerry-e2e-'));
      try {
        await chmod(root, 0o755);
        for (const name of ['state', 'lab']) await mkdir(join(root, name));
        await writeFile(join(root, 'lab', 'skerry.config.json'), JSON.stringify(SMALL));
        const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user', '--map-auto'];
        const words = [
          'unshare',
          ...user,
          '--mount',
          'sh',
          '-c',
          SCRIPT,
          'sh',
          size,
          root,
          process.execPath,
          SKERRY,
        ];
        const env = { SKERRY_STATE_DIR: join(root, 'state'), SKERRY_UPLINK: 'none' };
        const { stdout, stderr } = await finish(words, {
          cwd: join(root, 'lab'),
          env,
          timeoutMs: 200_000,
        });
        expect(stdout).toMatch(/^up 1$/m);
        expect(stderr).toMatch(/disk is full|No space left|ENOSPC/);
        expect(stderr).toMatch(/^hint: /m);
        expect(stderr).not.toContain('internal error');
        expect(stdout).toMatch(/^status 0$/m);
        const status = await readFile(join(root, 'lab', 'status.json'), 'utf8');
        const { sandbox, machines } = JSON.parse(status) as LabState;
        expect(sandbox, 'nothing is left running').toBeUndefined();
        expect(machines[0]?.state).toMatch(/^(absent|shutoff)$/);
        expect(stdout.trim().split('\n').at(-1)).toBe('destroy 0');
        expect(await processesOf(root)).toEqual([]);
      } finally {
        await rm(root, { recursive: true, force: true });
      }
    },
  );
}
