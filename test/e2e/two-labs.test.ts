// Labs side by side, and commands side by side on one lab.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { testLab } from './support/lab.ts';
import { processesOf } from './support/leaks.ts';
import { SMALL } from './support/small.ts';

test('two checkouts of one lab file run at once, with the same addresses and apart from each other', async () => {
  await using first = await testLab(SMALL);
  await using second = await testLab(SMALL);
  await Promise.all([first.ok(['up']), second.ok(['up'])]);
  const [here, there] = await Promise.all([first.status(), second.status()]);
  expect(here.machines.map(({ address }) => address)).toEqual(
    there.machines.map(({ address }) => address),
  );
  expect(here.stateDir).not.toBe(there.stateDir);
  await first.ok(['exec', '--', 'echo first >/root/which']);
  await second.ok(['ssh', '--', 'echo second >/root/which']);
  expect(await first.ok(['ssh', '--', 'cat /root/which'])).toBe('first\n');
  expect(await second.ok(['exec', '--', 'cat /root/which'])).toBe('second\n');
  await first.destroyWhole();
  expect(await second.ok(['exec', '--', 'hostname'])).toBe('one\n');
  await second.destroyWhole();
});

test('of two ups at once on one lab the second waits, says for whom, and both succeed', async () => {
  await using lab = await testLab(SMALL);
  // A boot takes long enough for the second one to come.
  const first = lab.start(['up', '--cold']);
  await first.heard(/booting/);
  const second = lab.start(['up']);
  const [, holder] = await second.heard(/waiting for skerry up \(process (\d+)\)/);
  expect(Number(holder)).toBe(first.child.pid);
  const [one, two] = await Promise.all([first.ended, second.ended]);
  expect([one.code, two.code], one.stderr + two.stderr).toEqual([0, 0]);
  expect(two.stdout).toContain('nothing to do');
  await lab.destroyWhole();
});

test('two ups at the very same moment start one sandbox and one machine', async () => {
  await using lab = await testLab(SMALL);
  const both = await Promise.all([lab.skerry(['up']), lab.skerry(['up'])]);
  expect(both.map(({ code }) => code)).toEqual([0, 0]);
  const all = await processesOf(join(lab.dir, '..'));
  expect(all.filter(({ words }) => /^\S*qemu-system/.test(words))).toHaveLength(1);
  expect(all.filter(({ words }) => words.startsWith('libvirtd'))).toHaveLength(1);
});

test('destroy during up waits for it, and then nothing is left', async () => {
  await using lab = await testLab(SMALL);
  const up = lab.start(['up', '--cold']);
  await up.heard(/booting/);
  await lab.destroyWhole();
  expect((await up.ended).code).toBe(0);
});
