// The same life in short, as an ordinary user: no part of a lab may need root.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testLab, type TestLab } from './support/lab.ts';
import { processesOf } from './support/leaks.ts';
import { SMALL } from './support/small.ts';
import { ordinaryUser, type OrdinaryUser } from './support/user.ts';
import { freePort } from './support/port.ts';
import { banner } from './support/banner.ts';

const port = await freePort();
const file = {
  ...SMALL,
  machines: { one: { forwards: { [port]: 22 } }, two_2: { autostart: false } },
};
let user: OrdinaryUser;
let lab: TestLab;

beforeAll(async () => {
  user = await ordinaryUser();
  lab = await testLab(file, { ...user, root: user.folder });
});
afterAll(async () => {
  await lab[Symbol.asyncDispose]();
  await user[Symbol.asyncDispose]();
});

test('up brings the machine up', async () => {
  expect(await lab.ok(['up'])).toContain('Lab small is up: 1 machine');
  expect((await lab.status()).machines.map(({ state }) => state)).toEqual(['running', 'absent']);
});

test('every process of the lab is the user’s, or of the ids that are the user’s', async () => {
  const all = await processesOf(join(lab.dir, '..'));
  const [first, last] = user.subIds;
  for (const part of [/qemu-system/, /^libvirtd/, /dnsmasq/, /supervisor/])
    expect(all.some(({ words }) => part.test(words))).toBe(true);
  const others = all.filter(({ uid }) => uid !== user.uid && (uid < first || uid > last));
  expect(others).toEqual([]);
});

test('exec, ssh and forwards work', async () => {
  expect(await lab.ok(['exec', '--', 'hostname'])).toBe('one\n');
  expect(await lab.ok(['ssh', '--', 'id -un; hostname'])).toBe('root\none\n');
  expect(await banner(port)).toMatch(/^SSH-2\.0-/);
});

test('halt stops all, and up goes on with the same disk', async () => {
  await lab.ok(['exec', '--', 'echo kept >/root/kept; sync']);
  await lab.ok(['halt']);
  expect(await processesOf(join(lab.dir, '..'))).toEqual([]);
  await lab.ok(['up']);
  expect(await lab.ok(['exec', '--', 'cat', '/root/kept'])).toBe('kept\n');
});

test('destroy leaves no process, mount, network link or file', () => lab.destroyWhole());
