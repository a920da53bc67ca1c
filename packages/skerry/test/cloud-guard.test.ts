// Somebody with machines of their own on one hypervisor gets neither others' disks nor the host: with libvirt's QEMU driver
// and a pool that has disks and golden images together, as on real hosts. No machine runs.
import { randomUUID } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect, type Connection } from '@skerry/libvirt';
import { hypervisorId, vmId } from '../src/cloud/entity.ts';
import { runOrThrow } from '../src/util/run.ts';
import { SETTINGS, startTestCloud, type TestCloud } from './support/cloud.ts';

const ALLOC = '/api/v1/hypervisors/hv1/alloc';

let cloud: TestCloud;
let libvirt: Connection;
let pool: string;

beforeAll(async () => {
  cloud = await startTestCloud([]);
  const libvirtUri = cloud.daemon.uri('qemu:///system');
  libvirt = await connect(libvirtUri);
  // libvirt asks QEMU what it can when it is first asked itself: on a busy machine that lasts.
  await libvirt.capabilities({ timeoutMs: 60_000 });
  pool = join(cloud.daemon.folder, 'pool');
  await mkdir(pool);
  await qemuImg('create', '-f', 'qcow2', join(pool, 'debian.qcow2'), '1M');
  const made = await libvirt.definePool(
    `<pool type='dir'><name>default</name><target><path>${pool}</path></target></pool>`,
  );
  await made.start();
  await libvirt.defineNetwork('<network><name>default</name></network>');
  const settings = { ...SETTINGS, pool: 'default', imagesPool: 'default' };
  await cloud.startAgent('hv1', { libvirtUri, settings });
  await cloud.until(
    hypervisorId('hv1'),
    (each) => each?.kind === 'hypervisor' && each.libvirt === 'connected',
  );
  const permissions = ['alloc', 'drives_getgolden', 'network_define'];
  cloud.central.policies.setGrant('user:cleo', 'hypervisor:hv1', permissions);
  cloud.central.policies.setGrant('user:ben', 'hypervisor:hv1', permissions);
}, 120_000);

afterAll(async () => {
  await libvirt?.close();
  await cloud?.[Symbol.asyncDispose]();
});

function qemuImg(...args: string[]): Promise<string> {
  return runOrThrow('qemu-img', args);
}

const alloc = (user: string, body: object) => cloud.call(user, 'POST', ALLOC, body);

/** Makes a machine, and calls its verbs. */
async function machineOf(user: string, body: object) {
  const made = await alloc(user, { network: 'default', ...body });
  expect(made).toMatchObject({ status: 200, body: {} });
  const uuid = String(made.body['uuid']);
  await cloud.until(vmId(uuid), (each) => each !== undefined);
  const call = (verb: string, params: object = {}) =>
    cloud.call(user, 'POST', `/api/v1/vms/${uuid}/${verb}`, params);
  const xml = async (): Promise<string> =>
    String((await call('xmldesc', { inactive: true })).body['xml']);
  const addDevice = async (device: string) =>
    call('define', { xml: (await xml()).replace('</devices>', `${device}</devices>`) });
  const drive = async (): Promise<string> => {
    const { drives } = (await call('drives_get')).body as { drives?: { source: string }[] };
    return drives?.[0]?.source ?? '';
  };
  return { uuid, call, xml, addDevice, drive };
}

test("another machine's disk is no golden image", async () => {
  const victim = await machineOf('ben', { name: 'victim', diskGiB: 0.01 });
  const disk = `victim-${victim.uuid.slice(0, 8)}-vda.qcow2`;
  const listed = await cloud.call('cleo', 'POST', '/api/v1/hypervisors/hv1/drives_getgolden');
  expect(listed.body['images']).toMatchObject([{ name: 'debian.qcow2' }]);
  const stolen = await alloc('cleo', { name: 'thief', image: disk });
  expect(stolen).toMatchObject({ status: 404 });
  expect(stolen.body.error?.message).toMatch(/there are: debian.qcow2$/);
  expect((await alloc('cleo', { name: 'fair', image: 'debian' })).status).toBe(200);
});

test('what a new machine is to have is there, and its disk no smaller than its image', async () => {
  const network = await alloc('cleo', { name: 'alone', network: 'nonet' });
  expect(network).toMatchObject({ status: 404 });
  expect(network.body.error?.message).toBe("hv1 has no network 'nonet'; there are: default");
  const before = await readdir(pool);
  const small = await alloc('cleo', { name: 'small', image: 'debian.qcow2', diskGiB: 0.0005 });
  expect(small).toMatchObject({ status: 409 });
  expect(small.body.error?.message).toBe(
    'the image debian.qcow2 has 0.01 GiB: 0.0005 GiB are too little',
  );
  expect(await readdir(pool)).toEqual(before);
});

test('an image that a machine only reads stays when its drive is deleted, and stays what it is', async () => {
  const image = join(pool, 'debian.qcow2');
  const before = await readFile(image);
  const mine = await machineOf('cleo', { name: 'reader', diskGiB: 0 });
  const source = `<driver name='qemu' type='qcow2'/><source file='${image}'/>`;
  const added = await mine.addDevice(
    `<disk type='file' device='disk'>${source}<target dev='vdb' bus='virtio'/><readonly/></disk><disk type='file' device='cdrom'>${source}<target dev='sdb' bus='sata'/><readonly/></disk>`,
  );
  expect(added).toEqual({ status: 200, body: {} });
  const written = (await mine.xml()).replaceAll('<readonly/>', '');
  const asked = await mine.call('define', {
    xml: written.replaceAll("'cdrom'", "'disk'").replaceAll('"cdrom"', '"disk"'),
  });
  expect(asked).toMatchObject({ status: 403, body: { error: { permission: 'define_host' } } });
  const converted = await mine.call('drives_convert', { target: 'vdb', format: 'raw' });
  expect(converted).toMatchObject({ status: 409 });
  for (const target of ['vdb', 'sdb'])
    expect(await mine.call('drives_delete', { target })).toMatchObject({ status: 200 });
  expect((await mine.call('drives_get')).body).toEqual({ drives: [] });
  expect(await readFile(image)).toEqual(before);
});

test("a drive of one's own is still deleted, and its file with it", async () => {
  const mine = await machineOf('cleo', { name: 'owner', diskGiB: 0.01 });
  const path = join(pool, `owner-${mine.uuid.slice(0, 8)}-vda.qcow2`);
  await readFile(path);
  expect((await mine.call('drives_convert', { target: 'vda', format: 'raw' })).status).toBe(200);
  await expect(readFile(path)).rejects.toThrow('ENOENT');
  const converted = await mine.drive();
  expect(converted).toMatch(/owner-[0-9a-f]{8}-vda-[0-9a-f]{8}\.raw$/);
  expect((await mine.call('drives_delete', { target: 'vda' })).status).toBe(200);
  await expect(readFile(converted)).rejects.toThrow('ENOENT');
});

test('what a guest has written to a raw disk is never read as qcow2', async () => {
  const mine = await machineOf('cleo', { name: 'liar', diskGiB: 0 });
  expect((await mine.call('drives_create', { sizeGiB: 0.001, format: 'raw' })).status).toBe(200);
  const path = await mine.drive();
  const header = join(cloud.daemon.folder, 'header');
  await qemuImg('create', '-f', 'qcow2', '-b', join(pool, 'debian.qcow2'), '-F', 'raw', header);
  await copyFile(header, path);
  const asked = await mine.call('define', {
    xml: (await mine.xml()).replace(/type=(['"])raw\1/, 'type="qcow2"'),
  });
  expect(asked).toMatchObject({ status: 403, body: { error: { permission: 'define_host' } } });
  for (const [verb, params] of [
    ['clone', { name: 'liar2' }],
    ['drives_convert', { target: 'vda', format: 'qcow2' }],
    ['drives_setgolden', { target: 'vda', name: 'lie' }],
  ] as const) {
    const answer = await mine.call(verb, params);
    expect(answer).toMatchObject({ status: 409 });
    expect(answer.body.error?.message).toContain('libvirt takes');
  }
});

test('the uuid of XML is not taken: it may be that of a machine elsewhere', async () => {
  const uuid = '11111111-2222-4333-8444-555555555555';
  const xml = `<domain type='qemu'><name>given</name><uuid>${uuid}</uuid><memory unit='MiB'>64</memory><os><type>hvm</type></os></domain>`;
  const made = await alloc('cleo', { xml });
  expect(made).toMatchObject({ status: 200, body: { name: 'given' } });
  expect(made.body['uuid']).not.toBe(uuid);
  // It is ours, though its definition does not say so.
  const own = vmId(made.body['uuid'] as string);
  await cloud.until(own, (each) => each?.kind === 'vm' && each.managed);
});

test('what libvirt makes of an ordinary machine may be given back to it, however it is indented', async () => {
  const mine = await machineOf('cleo', { name: 'plain', image: 'debian.qcow2' });
  const xml = (await mine.xml())
    .replaceAll(/>\s+</g, '><')
    .replaceAll(/<([\w:]+)([^>]*?)\/>/g, '<$1$2> </$1>');
  expect(await mine.call('define', { xml })).toEqual({ status: 200, body: {} });
});

test('whoever may only clone a machine gets no part of the host by that', async () => {
  const shared = await machineOf('ann', { name: 'shared', diskGiB: 0 });
  const folder = "<filesystem type='mount'><source dir='/srv'/><target dir='srv'/></filesystem>";
  expect((await shared.addDevice(folder)).status).toBe(200);
  cloud.central.policies.setGrant('user:cleo', vmId(shared.uuid), ['all']);
  const answer = await cloud.call('cleo', 'POST', `/api/v1/vms/${shared.uuid}/clone`, {});
  expect(answer).toMatchObject({ status: 403, body: { error: { permission: 'define_host' } } });
});

test('an ordinary machine is cloned, goes back to its snapshot, and is parked and brought back by its owner', async () => {
  const mine = await machineOf('cleo', { name: 'ordinary', image: 'debian.qcow2' });
  expect((await mine.call('snapshot_take', { name: 'first' })).status).toBe(200);
  expect(await mine.call('snapshot_revert', { name: 'first' })).toEqual({ status: 200, body: {} });
  const converted = await mine.call('drives_convert', { target: 'vda', format: 'raw' });
  expect(converted.body.error?.message).toContain('has snapshots, which would be lost');
  expect((await mine.call('snapshot_delete', { name: 'first' })).status).toBe(200);
  expect((await mine.call('clone', { name: 'ordinary2' })).status).toBe(200);
  expect(await mine.call('drives_convert', { target: 'vda', format: 'raw' })).toMatchObject({
    status: 200,
  });
  expect(await mine.xml()).toMatch(/discard=['"]unmap/);
  expect((await mine.call('park')).status).toBe(200);
  await cloud.until(vmId(mine.uuid), (each) => each === undefined);
  cloud.central.policies.setGrant('user:cleo', 'all', ['vmparking_unpark']);
  const place = { machine: 'ordinary', hypervisor: 'hv1' };
  const back = await cloud.call('cleo', 'POST', '/api/v1/central/unpark', place);
  expect(back).toMatchObject({ status: 200 });
  cloud.central.policies.setGrant('user:cleo', 'all', []);
});

test('on storage that all share, a machine comes back to any hypervisor, also from outside of the pools', async () => {
  const { parking } = cloud.central;
  const uuid = randomUUID();
  const file = join(cloud.daemon.folder, 'shared.qcow2');
  const xml = `<domain type='qemu'><name>common</name><uuid>${uuid}</uuid><memory>65536</memory><os><type>hvm</type></os>
    <devices><disk type='file'><source file='${file}'/><target dev='vda'/></disk></devices></domain>`;
  parking.add({ uuid, name: 'common', hypervisor: 'hv0', tags: [] }, xml, 'ann');
  parking.settle(uuid, []);
  const place = { machine: 'common', hypervisor: 'hv1' };
  const back = await cloud.call('ann', 'POST', '/api/v1/central/unpark', place);
  expect(back).toEqual({ status: 200, body: { hypervisor: 'hv1' } });
});

test('a machine that was to start and does not is not there, nor its disk', async () => {
  const body = { name: 'unstarted', diskGiB: 0.01, start: true };
  const failed = await alloc('cleo', body);
  expect(failed.body.error?.message).toContain("network 'default' is not active");
  expect((await libvirt.domains()).map(({ name }) => name)).not.toContain('unstarted');
  expect((await readdir(pool)).filter((name) => name.startsWith('unstarted'))).toEqual([]);
  // Its name is free.
  const again = await alloc('cleo', { ...body, start: false });
  expect(again.status).toBe(200);
});

test('going back to a snapshot brings no part of the host back', async () => {
  const shared = await machineOf('ann', { name: 'past', diskGiB: 0.01 });
  const plain = await shared.xml();
  const folder = "<filesystem type='mount'><source dir='/srv'/><target dir='srv'/></filesystem>";
  expect((await shared.addDevice(folder)).status).toBe(200);
  const taken = await shared.call('snapshot_take', { name: 'then' });
  expect(taken).toMatchObject({ status: 200, body: {} });
  expect((await shared.call('define', { xml: plain })).status).toBe(200);
  cloud.central.policies.setGrant('user:cleo', vmId(shared.uuid), ['all']);
  const path = `/api/v1/vms/${shared.uuid}/snapshot_revert`;
  expect(await cloud.call('cleo', 'POST', path, { name: 'then' })).toMatchObject({
    status: 403,
    body: { error: { permission: 'define_host' } },
  });
  expect((await shared.call('snapshot_revert', { name: 'then' })).status).toBe(200);
});

test("a network with the host's bridge or files needs the permission for parts of the host", async () => {
  const define = (inner: string) =>
    cloud.call('cleo', 'POST', '/api/v1/hypervisors/hv1/network_define', {
      xml: `<network><name>lan</name>${inner}</network>`,
    });
  expect(await define("<forward mode='bridge'/><bridge name='br0'/>")).toMatchObject({
    status: 403,
    body: { error: { permission: 'define_host' } },
  });
  expect(await define("<bridge name='lan0'/>")).toMatchObject({ status: 200 });
});
