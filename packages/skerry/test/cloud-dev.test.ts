// A whole cloud on this machine with real hypervisors: what its verbs do to QEMU, and what it survives.
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect } from '@skerry/libvirt';
import { WebSocket } from 'ws';
import { RestClient } from '../src/cloud/client/rest-client.ts';
import { type DevCloud, startDevCloud } from '../src/cloud/dev/dev-cloud.ts';
import { hypervisorId, type VmState } from '../src/cloud/entity.ts';
import { poll } from '../src/util/poll.ts';

let dir: string;
let cloud: DevCloud;
let client: RestClient;

beforeAll(async () => {
  // Short: unix sockets lie in it.
  dir = await mkdtemp('/tmp/skc-');
  cloud = await startDevCloud({
    dir: join(dir, 'c'),
    hypervisors: 2,
    port: 0,
    version: '0.0.0',
    webDir: null,
    accel: 'tcg',
  });
  client = new RestClient({ url: cloud.url, token: cloud.token() });
  await client.call('POST', '/hypervisors/hv1/alloc', { name: 'tiny', memoryMiB: 64, diskGiB: 1 });
  await client.call('POST', '/vms/tiny/create');
});
afterAll(async () => {
  await cloud[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
});

const vm = async (): Promise<VmState> => (await client.call('GET', '/vms/tiny')) as VmState;

function until(what: string, holds: () => boolean | Promise<boolean>): Promise<boolean> {
  return poll(async () => ((await holds()) ? true : undefined), {
    timeoutMs: 20_000,
    intervalMs: 20,
    onTimeout: () => new Error(`waited in vain: ${what}`),
  });
}

test('a machine moves while it runs, and back', async () => {
  await client.call('POST', '/vms/tiny/autostart', { on: true });
  await client.call('POST', '/vms/tiny/migrate', { target: 'hv2' });
  await until('it is on hv2', async () => (await vm()).hypervisor === 'hv2');
  await until('it starts with hv2', async () => (await vm()).autostart);
  expect(await vm()).toMatchObject({ state: 'running', task: null });
  await client.call('POST', '/vms/tiny/migrate', { target: 'hv1' });
  await until('it is on hv1', async () => (await vm()).hypervisor === 'hv1');
  expect(cloud.central.places.vms).toHaveLength(1);
});

test('a migration is cancelled, and the machine runs on where it is', async () => {
  const get = async (): Promise<VmState> => (await client.call('GET', '/vms/wide')) as VmState;
  // At a MiB a second even what is empty of so much lasts for some seconds.
  await client.call('POST', '/hypervisors/hv1/alloc', {
    name: 'wide',
    memoryMiB: 2048,
    diskGiB: 1,
  });
  await client.call('POST', '/vms/wide/create');
  await using libvirt = await connect(cloud.hypervisors.get('hv1').libvirtUri);
  await (await libvirt.domain('wide')).setMigrationMaxSpeed(1);
  await expect(client.call('POST', '/vms/wide/migrate_cancel')).rejects.toThrow(
    'nothing of the kind',
  );
  const moving = client.call('POST', '/vms/wide/migrate', { target: 'hv2' });
  const failed = expect(moving).rejects.toThrow(/cancel/);
  await until('it moves', async () => ((await get()).task?.progress ?? null) !== null);
  await client.call('POST', '/vms/wide/migrate_cancel');
  await failed;
  expect(await get()).toMatchObject({ hypervisor: 'hv1', state: 'running', task: null });
  await client.call('POST', '/vms/wide/destroy');
  await client.call('POST', '/vms/wide/free');
});

test('a paused machine stays where it is, and its memory with it', async () => {
  await client.call('POST', '/vms/tiny/suspend');
  await expect(client.call('POST', '/vms/tiny/migrate', { target: 'hv2' })).rejects.toThrow(
    'tiny is paused: resume it first',
  );
  expect(await client.call('POST', '/hypervisors/hv1/evacuate', { dryRun: true })).toEqual({
    machines: [
      { machine: 'tiny', to: 'hv1', outcome: 'stays: hv2: tiny is paused: resume it first' },
    ],
  });
  await client.call('POST', '/vms/tiny/resume');
  expect(await vm()).toMatchObject({ hypervisor: 'hv1', state: 'running' });
});

test('a hypervisor is evacuated: what can move has moved, and nothing new is placed there', async () => {
  await client.call('POST', '/hypervisors/hv1/alloc', { name: 'off', memoryMiB: 64, diskGiB: 1 });
  const evacuate = (name: string, dryRun = false): Promise<unknown> =>
    client.call('POST', `/hypervisors/${name}/evacuate`, { dryRun });
  const tiny = { machine: 'tiny', to: 'hv2' };
  const off = { machine: 'off', to: 'hv2' };
  expect(await evacuate('hv1', true)).toEqual({
    machines: [tiny, off].map((row) => ({ ...row, outcome: 'would move' })),
  });
  const moved = { outcome: expect.stringMatching(/^moved in [\d.]+ s$/) as string };
  expect(await evacuate('hv1')).toEqual({
    machines: [
      { ...tiny, ...moved },
      { ...off, ...moved },
    ],
  });
  expect(await vm()).toMatchObject({ hypervisor: 'hv2', state: 'running' });
  // The other is drained too: there is nowhere to go.
  expect(await evacuate('hv2')).toEqual({
    machines: [
      { ...tiny, outcome: 'stays: hv1: it is drained' },
      { ...off, outcome: 'stays: hv1: it is drained' },
    ],
  });
  for (const name of ['hv1', 'hv2'])
    await client.call('POST', `/hypervisors/${name}/drain`, { on: false });
  await client.call('POST', '/vms/off/free');
  await client.call('POST', '/vms/tiny/migrate', { target: 'hv1' });
  await until('it is on hv1', async () => (await vm()).hypervisor === 'hv1');
});

test("nobody gets at another machine's disk by a definition, and one's own comes back from parking", async () => {
  const { users, policies } = cloud.central;
  await users.add('spy');
  policies.setGrant('user:spy', 'hypervisor:hv1', ['alloc', 'presence']);
  const spy = new RestClient({ url: cloud.url, token: users.issue('spy', 'token', '') });
  const call = (path: string, params?: object): Promise<Record<string, unknown>> =>
    spy.call('POST', path, params) as Promise<Record<string, unknown>>;
  await call('/hypervisors/hv1/alloc', { name: 'lair', memoryMiB: 64, diskGiB: 1 });
  const [disk] = (await vm()).disks;
  const { xml } = await call('/vms/lair/xmldesc');
  const own = /<source file=["']([^"']+)/.exec(String(xml))?.[1] ?? '';
  const stolen = String(xml).replace(own, disk?.source ?? '');
  expect(stolen).not.toBe(xml);
  const refused = /may not|reaches beyond the machine/;
  await expect(call('/vms/lair/define', { xml: stolen })).rejects.toThrow(refused);
  const fresh = stolen.replace(/<uuid>.*<\/uuid>/, '').replace('<name>lair<', '<name>lair-2<');
  await expect(call('/hypervisors/hv1/alloc', { xml: fresh })).rejects.toThrow(refused);
  await call('/vms/lair/define', { xml });
  await call('/vms/lair/park');
  const [parked] = cloud.central.parking.list();
  await call('/central/unpark', { machine: parked?.uuid, hypervisor: 'hv1' });
  await until('it is back', () => 'uuid' in cloud.central.registry.findVm('lair'));
  expect(await call('/vms/lair/free')).toMatchObject({
    deleted: [expect.stringContaining('lair')],
  });
});

test('what a host cannot hold is refused, and so is a new machine on a drained one; the log has it', async () => {
  const alloc = (name: string, params: object): Promise<unknown> =>
    client.call('POST', `/hypervisors/${name}/alloc`, params);
  await expect(alloc('hv1', { memoryMiB: 999_999 })).rejects.toThrow('are too much');
  await expect(client.call('POST', '/vms/tiny/setvcpus', { count: 999 })).rejects.toThrow(
    'at most',
  );
  await client.call('POST', '/hypervisors/hv2/drain');
  await expect(alloc('hv2', { name: 'more' })).rejects.toThrow('hv2 is drained');
  await client.call('POST', '/hypervisors/hv2/drain', { on: false });
  await expect(client.call('POST', '/vms/tiny/migrate', { target: 'hv9' })).rejects.toThrow('hv9');
  const log = (await client.call('GET', '/audit')) as { verb: string; message: string }[];
  expect(log.find(({ verb }) => verb === 'migrate')?.message).toContain("no hypervisor 'hv9'");
});

test('a second one in the same folder, or on its port, is refused, and touches nothing', async () => {
  const again = (name: string, port: number): Promise<DevCloud> =>
    startDevCloud({
      ...{ dir: join(dir, name), hypervisors: 1, port, version: '0.0.0', webDir: null },
      accel: 'tcg',
    });
  await expect(again('c', 0)).rejects.toMatchObject({ code: 'CLOUD_RUNS' });
  const { port } = new URL(cloud.url);
  await expect(again('d', Number(port))).rejects.toMatchObject({ code: 'CENTRAL_PORT' });
  expect(await vm()).toMatchObject({ state: 'running' });
  await client.call('POST', '/vms/tiny/suspend');
  await client.call('POST', '/vms/tiny/resume');
});

test('its screen comes through the web port, once for each token', async () => {
  const { token } = (await client.call('POST', '/vms/tiny/console', { type: 'vnc' })) as {
    token: string;
  };
  const session = cloud.central.users.issue('admin', 'session');
  const open = (): WebSocket =>
    new WebSocket(`${cloud.url.replace('http', 'ws')}/api/v1/console?token=${token}`, {
      headers: { cookie: `skerry=${session}` },
    });
  const socket = open();
  const first = await new Promise<Buffer>((resolve) => socket.once('message', resolve));
  expect(first.toString()).toBe('RFB 003.008\n');
  const again = open();
  const code = await new Promise<number>((resolve) => again.once('close', resolve));
  expect(code).toBe(1008);
  socket.close();
});

test('a picture of it is PNG', async () => {
  const { png } = (await client.call('POST', '/vms/tiny/screenshot')) as { png: string };
  expect(Buffer.from(png, 'base64').subarray(1, 4).toString()).toBe('PNG');
});

test('a drive is added while it runs, and what libvirt refuses leaves nothing', async () => {
  expect(await client.call('POST', '/vms/tiny/drives_create', { sizeGiB: 1 })).toEqual({
    target: 'vdb',
  });
  const { drives } = (await client.call('POST', '/vms/tiny/drives_get')) as {
    drives: { target: string; capacityBytes: number }[];
  };
  expect(drives.map(({ target, capacityBytes }) => [target, capacityBytes])).toEqual([
    ['vda', 1024 ** 3],
    ['vdb', 1024 ** 3],
  ]);
});

test('a snapshot with memory is taken, keeps the machine from moving, and is gone back to', async () => {
  await client.call('POST', '/vms/tiny/snapshot_take', { name: 'before' });
  expect((await vm()).snapshots).toMatchObject([
    { name: 'before', state: 'running', current: true },
  ]);
  const [snapshot] = (await vm()).snapshots;
  expect(Math.abs(Date.now() - (snapshot?.createdAt ?? 0))).toBeLessThan(60_000);
  await expect(client.call('POST', '/vms/tiny/migrate', { target: 'hv2' })).rejects.toThrow(
    'libvirt does not take it along',
  );
  await client.call('POST', '/vms/tiny/suspend');
  await client.call('POST', '/vms/tiny/snapshot_revert', { name: 'before' });
  expect((await vm()).state).toBe('running');
  await client.call('POST', '/vms/tiny/snapshot_delete', { name: 'before' });
  expect((await vm()).snapshots).toEqual([]);
});

test('what else is done to a machine, libvirt has done', async () => {
  await client.call('POST', '/hypervisors/hv1/alloc', { name: 'plain', memoryMiB: 64, diskGiB: 0 });
  await using libvirt = await connect(cloud.hypervisors.get('hv1').libvirtUri);
  await client.call('POST', '/vms/plain/rename', { name: 'renamed' });
  const domain = await libvirt.domain('renamed');
  const call = (verb: string, params: object = {}): Promise<unknown> =>
    client.call('POST', `/vms/${domain.uuid}/${verb}`, params);
  const now = async (): Promise<VmState> =>
    (await client.call('GET', `/vms/${domain.uuid}`)) as VmState;
  await call('memory', { mebibytes: 128 });
  await call('setvcpus', { count: 2 });
  const xml = await domain.xml({ inactive: true });
  expect(xml).toMatch(/<memory unit=.KiB.>131072</);
  expect(xml).toMatch(/<vcpu [^>]*>2</);
  await call('unmanage');
  expect(await now()).toMatchObject({ managed: false });
  await call('manage');
  await call('settags', { tags: ['swept'] });
  expect(await now()).toMatchObject({ managed: true, tags: ['swept'], vcpus: 2, memoryMiB: 128 });
  await call('create');
  const events = await libvirt.events({ types: ['reboot'], signal: AbortSignal.timeout(20_000) });
  await call('reboot', { force: true });
  const { value: event } = await events[Symbol.asyncIterator]().next();
  expect(event).toMatchObject({ type: 'reboot', domain: { uuid: domain.uuid } });
  expect(await call('snapshot_get')).toEqual({ snapshots: [] });
  expect(await call('getroster')).toMatchObject({
    users: expect.arrayContaining(['admin']) as object,
  });
  await call('destroy');
  await call('undefine');
  await expect(libvirt.domain('renamed')).rejects.toThrow('renamed');
});

test('a network is made, begins, ends and is forgotten', async () => {
  const call = (verb: string, params: object): Promise<unknown> =>
    client.call('POST', `/hypervisors/hv1/${verb}`, params);
  await using libvirt = await connect(cloud.hypervisors.get('hv1').libvirtUri);
  await call('network_define', { xml: "<network><name>lan</name><bridge name='lan0'/></network>" });
  const network = await libvirt.network('lan');
  await call('network_create', { name: 'lan' });
  expect(await network.isActive()).toBe(true);
  const seen = async (): Promise<boolean | undefined> => {
    const host = cloud.central.registry.get(hypervisorId('hv1'));
    return host?.kind === 'hypervisor'
      ? host.networks.find(({ name }) => name === 'lan')?.active
      : undefined;
  };
  await until('it is seen', async () => (await seen()) === true);
  await call('network_destroy', { name: 'lan' });
  expect(await network.isActive()).toBe(false);
  await call('network_undefine', { name: 'lan' });
  await expect(libvirt.network('lan')).rejects.toThrow('lan');
  await until('it is gone', async () => (await seen()) === undefined);
});

test('the doctor looks at the ways between hypervisors', async () => {
  const way = async (): Promise<unknown> =>
    ((await client.call('GET', '/doctor')) as { name: string }[]).find(
      ({ name }) => name === 'hv1: to hv2',
    );
  expect(await way()).toMatchObject({ state: 'ok' });
  await cloud.hypervisors.get('hv2').cutOff();
  try {
    expect(await way()).toMatchObject({ state: 'problem', remedy: expect.any(String) as string });
  } finally {
    await cloud.hypervisors.get('hv2').heal();
  }
});

test('libvirtd is killed: it is said, and all is right again after it is back', async () => {
  const host = cloud.hypervisors.get('hv1');
  const id = hypervisorId('hv1');
  const libvirt = (): string | undefined => {
    const found = cloud.central.registry.get(id);
    return found?.kind === 'hypervisor' ? found.libvirt : undefined;
  };
  const seen: (string | undefined)[] = [];
  using _ = cloud.central.registry.listen({ onEntities: () => seen.push(libvirt()) });
  await host.killLibvirtd();
  await until('the agent lost libvirt', () => seen.includes('lost'));
  await until('the agent has libvirt again', () => libvirt() === 'connected');
  expect(await vm()).toMatchObject({ state: 'running', hypervisor: 'hv1' });
  await client.call('POST', '/vms/tiny/suspend');
  await client.call('POST', '/vms/tiny/resume');
});

test('a hypervisor crashes: its machines are not said to run', async () => {
  await cloud.hypervisors.get('hv2').crash();
  await until('the agent lost libvirt', () => {
    const found = cloud.central.registry.get(hypervisorId('hv2'));
    return found?.kind === 'hypervisor' && found.libvirt === 'lost';
  });
  await expect(client.call('POST', '/vms/tiny/migrate', { target: 'hv2' })).rejects.toThrow(
    'its agent does not reach libvirt',
  );
  await cloud.hypervisors.get('hv2').start();
  await until('the agent has libvirt again', () => {
    const found = cloud.central.registry.get(hypervisorId('hv2'));
    return found?.kind === 'hypervisor' && found.libvirt === 'connected';
  });
});

test('a machine is deleted with its disks', async () => {
  await client.call('POST', '/vms/tiny/destroy');
  const { deleted } = (await client.call('POST', '/vms/tiny/free')) as { deleted: string[] };
  expect(deleted).toHaveLength(2);
  await until('it is gone', () => cloud.central.places.vms.length === 0);
});
