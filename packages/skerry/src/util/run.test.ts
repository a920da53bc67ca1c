import { expect, test } from 'vitest';
import { run } from './run.ts';

test('a helper that is left behind does not hold up a program with a group of its own', async () => {
  const script = 'sleep 60 & echo $!; echo denied >&2; exit 3';
  const { code, stdout, stderr } = await run('sh', ['-c', script], { hasGroup: true });
  expect({ code, stderr }).toEqual({ code: 3, stderr: 'denied\n' });
  // Killed, even if nobody has reaped it yet.
  const { stdout: state } = await run('ps', ['-o', 'stat=', '-p', stdout.trim()]);
  expect(state.trim()).toMatch(/^(?:Z.*)?$/);
});

test('a missing program is an error of its own', async () => {
  await expect(run('no-such-program', [])).rejects.toMatchObject({ code: 'PROGRAM_MISSING' });
});
