// Machines of the cloud that were made from an image, from within: who may log in, their names, and where they are reached.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RestClient } from '../../packages/skerry/src/cloud/client/rest-client.ts';
import { type DevCloud, startDevCloud } from '../../packages/skerry/src/cloud/dev/dev-cloud.ts';
import { addressesOf, type VmState } from '../../packages/skerry/src/cloud/entity.ts';
import { outerPaths } from '../../packages/skerry/src/hypervisors/layout.ts';
import { enterOuter, outerPid } from '../../packages/skerry/src/hypervisors/outer.ts';
import { poll } from '../../packages/skerry/src/util/poll.ts';
import { finish, SKERRY, start } from './support/cli.ts';

const run = promisify(execFile);
const BOOT_MS = 300_000;

let dir: string;
let cloud: DevCloud;
let client: RestClient;
let enter: readonly string[];

beforeAll(async () => {
  // Short: unix sockets lie in it.
  dir = await mkdtemp('/tmp/skg-');
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'ann@laptop', '-f', key()]);
  cloud = await startDevCloud({
    ...{ dir: join(dir, 'c'), hypervisors: 2, port: 0, version: '0.0.0', webDir: null },
    accel: 'tcg',
  });
  client = new RestClient({ url: cloud.url, token: cloud.token() });
  const paths = outerPaths(join(dir, 'c', 'hv'));
  enter = enterOuter(paths, (await outerPid(paths)) ?? 0);
  await client.call('POST', '/hypervisors/hv1/alloc', {
    ...{ name: 'web_1', image: 'debian-12', memoryMiB: 384, start: true },
    sshKeys: `# Ann's\n${await readFile(`${key()}.pub`, 'utf8')}`,
  });
});
afterAll(async () => {
  await cloud[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
});

const key = (): string => join(dir, 'key');
/** The commands are about this cloud. */
const access = (): NodeJS.ProcessEnv => ({
  SKERRY_CLOUD: cloud.url,
  SKERRY_CLOUD_TOKEN: cloud.token(),
  SKERRY_STATE_DIR: dir,
});
const vm = async (name: string): Promise<VmState> =>
  (await client.call('GET', `/vms/${name}`)) as VmState;

function addressOf(name: string): Promise<string> {
  return poll(async () => addressesOf(await vm(name))[0], {
    ...{ timeoutMs: BOOT_MS, intervalMs: 200 },
    onTimeout: () => new Error(`${name} has no address`),
  });
}

/** From where its network is, as from a host beside it. */
async function ssh(address: string, command: string): Promise<string> {
  const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'BatchMode=yes'];
  const [program = '', ...args] = [
    ...enter,
    ...['ssh', '-q', '-i', key(), ...options.flatMap((each) => ['-o', each])],
    ...[`root@${address}`, command],
  ];
  const attempt = (): Promise<string | undefined> =>
    run(program, args).then(
      ({ stdout }) => stdout.trim(),
      () => undefined,
    );
  const onTimeout = (): Error => new Error(`ssh root@${address} ${command}: no`);
  return poll(attempt, { timeoutMs: BOOT_MS, intervalMs: 500, onTimeout });
}

const FACTS = 'hostname; cat /etc/hostname /etc/ssh/ssh_host_ed25519_key.pub';

test('who has the key logs in, under the address that is shown, to a machine that knows its name', async () => {
  const address = await addressOf('web_1');
  expect(address).toMatch(/^10\.98\.0\.\d+$/);
  expect((await ssh(address, FACTS)).split('\n').slice(0, 2)).toEqual(['web-1', 'web-1']);
  const info = (await client.call('POST', '/vms/web_1/info')) as { text: string };
  expect(info.text).toContain(`My address is ${address}.`);
});

test('the commands lead in through the web port: by ssh, and by the serial console on a terminal', async () => {
  const env = access();
  const skerry = [process.execPath, SKERRY, 'vm'];
  const ssh = [...skerry, 'ssh', '-i', key(), 'web_1', '--', 'hostname; cat; exit 3'];
  expect(await finish(ssh, { env, input: 'piped' })).toEqual({
    ...{ code: 3, stdout: 'web-1\npiped', stderr: '' },
  });
  const nobody = await finish([...skerry, 'ssh', '-l', 'nobody', 'web_1', '--', 'id'], { env });
  expect(nobody).toMatchObject({ code: 255, stderr: expect.stringContaining('Permission denied') });
  const words = ['script', '-qec', [...skerry, 'console', 'web_1'].join(' '), '/dev/null'];
  const console = start(words, { env, input: 'open' });
  await console.heard(/Leave it with Ctrl-\]/);
  console.child.stdin?.write('\r');
  await console.heard(/root@web-1/);
  const other = start(words, { env, input: 'open' });
  await console.heard(/somebody else is at its console/);
  await other.heard(/Leave it with Ctrl-\]/);
  other.child.stdin?.write('\r');
  await other.heard(/root@web-1/);
  other.child.stdin?.write('\x1d');
  expect(await other.ended).toMatchObject({ code: 0 });
});

test('where no way leads in, it is said why', async () => {
  await client.call('POST', '/hypervisors/hv1/alloc', {
    name: 'empty',
    memoryMiB: 64,
    start: true,
  });
  const env = access();
  const at = async (...words: string[]): Promise<string> =>
    (await finish([process.execPath, SKERRY, 'vm', ...words], { env })).stderr;
  expect(await at('ssh', '--stdio', 'empty')).toContain('no address of empty is known yet');
  await client.call('POST', '/vms/empty/destroy');
  expect(await at('console', 'empty')).toContain('empty is shutoff');
  expect(await at('ssh', 'nobody')).toContain("no machine 'nobody'");
});

test('the address is known where it has gone', async () => {
  const address = await addressOf('web_1');
  await client.call('POST', '/vms/web_1/migrate', { target: 'hv2' });
  expect((await vm('web_1')).hypervisor).toBe('hv2');
  expect(await addressOf('web_1')).toBe(address);
});

test('a copy has a name, an address and a host key of its own, and lets the same people in', async () => {
  const before = await ssh(await addressOf('web_1'), FACTS);
  const words = [process.execPath, SKERRY, 'vm', 'ssh', '-i', key(), 'web_1', '--'];
  const long = start([...words, 'echo there; sleep 300'], { env: access(), input: 'open' });
  await long.heard(/there/);
  await client.call('POST', '/vms/web_1/destroy');
  expect(await long.ended).toMatchObject({ code: 255 });
  expect(addressesOf(await vm('web_1'))).toEqual([]);
  await client.call('POST', '/vms/web_1/clone', { name: 'web-2' });
  await client.call('POST', '/vms/web_1/create');
  await client.call('POST', '/vms/web-2/create');
  const [first, second] = await Promise.all([addressOf('web_1'), addressOf('web-2')]);
  expect(second).not.toBe(first);
  expect(await ssh(first, FACTS)).toBe(before);
  const copy = (await ssh(second, FACTS)).split('\n');
  expect(copy.slice(0, 2)).toEqual(['web-2', 'web-2']);
  expect(before).not.toContain(copy[2]);
});

test("a guest that tells another machine's address as its own leads nobody there", async () => {
  const [own, others] = await Promise.all([addressOf('web_1'), addressOf('web-2')]);
  // Without an answer to who asks for it: that would be another matter, between the two of them.
  const claim = `sysctl -qw net.ipv4.conf.all.arp_ignore=3; card=$(ip -o -4 route show | sed 's/.* dev \\([^ ]*\\).*/\\1/;q')
    ip address flush dev $card; ip address add ${others}/32 dev $card scope host`;
  await ssh(own, `systemd-run -q --on-active=1 sh -c '${claim.replaceAll("'", `'\\''`)}'`);
  const claimed = async (): Promise<true | undefined> => {
    // Each event of a machine lets its agent look again.
    await client.call('POST', '/vms/web_1/settags', { tags: [`t${Date.now()}`] });
    return addressesOf(await vm('web_1')).join() === others || undefined;
  };
  const onTimeout = (): Error => new Error('the claim is not seen');
  await poll(claimed, { timeoutMs: 60_000, intervalMs: 1000, onTimeout });
  const env = access();
  const words = [process.execPath, SKERRY, 'vm', 'ssh', '-i', key(), 'web_1', '--', 'hostname'];
  expect(await finish(words, { env })).toMatchObject({
    ...{ code: 4, stdout: '' },
    stderr: expect.stringContaining(`${others} belongs to another one`),
  });
  words.splice(-3, 1, 'web-2');
  expect(await finish(words, { env })).toMatchObject({ code: 0, stdout: 'web-2\n' });
});

test('it reboots, and it shuts down, when it is asked to', async () => {
  const BOOT = 'cat /proc/sys/kernel/random/boot_id';
  const before = await ssh(await addressOf('web-2'), BOOT);
  await client.call('POST', '/vms/web-2/reboot');
  const again = async (): Promise<true | undefined> =>
    (await ssh(await addressOf('web-2'), BOOT)) !== before || undefined;
  const onTimeout = (): Error => new Error('it has not rebooted');
  await poll(again, { timeoutMs: BOOT_MS, intervalMs: 1000, onTimeout });
  const words = [process.execPath, SKERRY, 'vm', 'shutdown', 'web-2'];
  expect(await finish(words, { env: access() })).toMatchObject({
    stdout: 'Shut down: web-2, asked; it goes off when its system has ended.\n',
  });
  await expect
    .poll(async () => (await vm('web-2')).state, { timeout: BOOT_MS, interval: 500 })
    .toBe('shutoff');
});

test('who asks for a machine that has just been started waits for it', async () => {
  await client.call('POST', '/vms/web-2/create');
  const words = [process.execPath, SKERRY, 'vm', 'ssh', 'web-2', '-i', key(), '--', 'hostname'];
  expect(await finish(words, { env: access() })).toEqual({
    ...{ code: 0, stdout: 'web-2\n' },
    stderr: expect.stringMatching(/^(web-2 has just been started: waiting for its ssh …\n)?$/),
  });
  await client.call('POST', '/vms/web-2/destroy');
});

test('of a machine that Skerry leaves alone libvirt tells the address that it has lent', async () => {
  const xml = `<network><name>lent</name><ip address='10.50.0.1' prefix='24'><dhcp><range start='10.50.0.9' end='10.50.0.9'/></dhcp></ip></network>`;
  await client.call('POST', '/hypervisors/hv1/network_define', { xml });
  await client.call('POST', '/hypervisors/hv1/network_create', { name: 'lent' });
  await client.call('POST', '/hypervisors/hv1/alloc', {
    ...{ name: 'alone', image: 'debian-12', memoryMiB: 384, network: 'lent' },
  });
  await client.call('POST', '/vms/alone/unmanage');
  await client.call('POST', '/vms/alone/create');
  expect(await addressOf('alone')).toBe('10.50.0.9');
});
