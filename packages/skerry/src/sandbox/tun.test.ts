import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { explainTun, tunProblem } from './tun.ts';

test('a device that opens is no problem, one that is absent is', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'skerry-tun-'));
  const path = join(dir, 'tun');
  expect(await tunProblem(path)).toEqual(explainTun('ENOENT'));
  writeFileSync(path, '');
  expect(await tunProblem(path)).toBeUndefined();
  chmodSync(path, 0);
  // Root opens anything.
  if (process.getuid?.() !== 0) expect(await tunProblem(path)).toEqual(explainTun('EACCES'));
  rmSync(dir, { recursive: true });
});

test.each([
  ['EACCES', 'sudo chmod 666 /dev/net/tun'],
  ['ENOENT', 'sudo modprobe tun'],
  ['EBUSY', 'sudo modprobe -r tun'],
])('%s is mended by %s', (errno, first) => {
  const { code, remedy } = explainTun(errno);
  expect(code).toBe('TUN_DENIED');
  expect(remedy[0]).toBe(first);
});
