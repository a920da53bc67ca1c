// Hypervisors that share no storage, as most people's do: a machine's disk goes along when it moves, and is nowhere else then.
import { mkdtemp, rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect } from '@skerry/libvirt';
import { Entities } from '../src/cloud/agent/entities.ts';
import { leftBehind } from '../src/cloud/agent/verbs/migrate.ts';
import { hypervisorId, vmId, type VmState } from '../src/cloud/entity.ts';
import { aVm } from '../src/cloud/test-entities.ts';
import { type Hypervisors, startHypervisors } from '../src/hypervisors/hypervisors.ts';
import { SETTINGS, startTestCloud, type TestCloud } from './support/cloud.ts';

/** In the hypervisor's own /run: no other has it. */
const FOLDER = '/run/own-disks';

let cloud: TestCloud;
let hypervisors: Hypervisors;
let dir: string;
let uuid: string;

beforeAll(async () => {
  dir = await mkdtemp('/tmp/skerry-own-');
  cloud = await startTestCloud([]);
  hypervisors = await startHypervisors({ dir, count: 2, accel: 'tcg', ephemeral: true });
  for (const hypervisor of hypervisors.list) {
    const { name, libvirtUri, migrationUri } = hypervisor;
    await hypervisor.run(['mkdir', FOLDER]);
    await using libvirt = await connect(libvirtUri);
    const pool = await libvirt.definePool(
      `<pool type='dir'><name>own</name><target><path>${FOLDER}</path></target></pool>`,
    );
    await pool.start();
    const settings = { ...SETTINGS, pool: 'own', imagesPool: 'default' };
    await cloud.startAgent(name, {
      libvirtUri,
      settings: { ...settings, sharedStorage: false, migrationUri },
    });
    await cloud.until(
      hypervisorId(name),
      (each) => each?.kind === 'hypervisor' && each.libvirt === 'connected',
    );
  }
}, 300_000);
afterAll(async () => {
  await cloud?.[Symbol.asyncDispose]();
  await hypervisors?.[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
});

const post = (path: string, body: object = {}) =>
  cloud.call('ann', 'POST', `/api/v1/${path}`, body);
const disksOf = async (name: string): Promise<string> =>
  (await hypervisors.get(name).run(['ls', FOLDER])).trim();
const done = { status: 200 };
const aDisk = {
  device: 'disk',
  format: 'raw',
  bus: 'virtio',
  readonly: false,
  cache: null,
} as const;

test('what others may have as well is not left behind, and stays', async () => {
  await using connection = await connect(cloud.daemon.uri('test:///default'));
  const kinds = {
    dir: '<target><path>/folder</path></target>',
    logical: '<target><path>/dev/vg</path></target>',
  };
  const disks: VmState['disks'] = [];
  for (const [kind, xml] of Object.entries(kinds)) {
    const source = kind === 'logical' ? '<source><name>vg</name></source>' : '';
    const pool = await connection.definePool(
      `<pool type='${kind}'><name>${kind}</name>${source}${xml}</pool>`,
    );
    await pool.start();
    const volume = await pool.createVolume(
      '<volume><name>disk</name><capacity>512</capacity></volume>',
    );
    disks.push({ ...aDisk, target: `vd${disks.length}`, source: await volume.path() });
  }
  const vm = aVm({ disks });
  const context = {
    connection,
    vm,
    entities: new Entities('epoch', () => {}),
    signal: AbortSignal.timeout(10_000),
  };
  expect(await leftBehind(context)).toEqual([{ pool: 'dir', name: 'disk' }]);
});

test('a machine that runs moves with its disk, and leaves nothing where it was', async () => {
  const body = { name: 'tiny', memoryMiB: 64, diskGiB: 0.05, start: true };
  const made = await post('hypervisors/hv1/alloc', body);
  expect(made).toMatchObject(done);
  uuid = String(made.body['uuid']);
  await cloud.until(vmId(uuid), (each) => each !== undefined);
  const disk = await disksOf('hv1');
  expect(disk).toMatch(/^tiny-[0-9a-f]{8}-vda.qcow2$/);
  expect(await post(`vms/${uuid}/migrate`, { target: 'hv2' })).toMatchObject(done);
  await cloud.until(vmId(uuid), (each) => each?.kind === 'vm' && each.hypervisor === 'hv2');
  expect([await disksOf('hv1'), await disksOf('hv2')]).toEqual(['', disk]);
});

test('one that is off does not, as nobody would copy its disk', async () => {
  expect(await post(`vms/${uuid}/destroy`)).toMatchObject(done);
  const moved = await post(`vms/${uuid}/migrate`, { target: 'hv1' });
  expect(moved.body.error?.message).toContain('its disks are on hv2 only');
});

test('parked, it comes back where its disk is, and only there', async () => {
  expect(await post(`vms/${uuid}/park`)).toMatchObject(done);
  await cloud.until(vmId(uuid), (each) => each === undefined);
  const away = await post('central/unpark', { machine: 'tiny', hypervisor: 'hv1' });
  expect(away.body.error?.message).toMatch(/^its disk .* is not in a pool of hv1: it was on hv2$/);
  expect(await post('central/unpark', { machine: 'tiny' })).toEqual({
    status: 200,
    body: { hypervisor: 'hv2' },
  });
  await cloud.until(vmId(uuid), (each) => each !== undefined);
  expect(await post(`vms/${uuid}/free`)).toMatchObject(done);
  expect(await disksOf('hv2')).toBe('');
});
