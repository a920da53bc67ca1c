// Disks that are copied while whoever asked goes away, or the agent does: libvirt goes on with a copy whatever happens, and
// nothing of it may stay. With libvirt's QEMU driver; no machine runs.
import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { connect, type Connection } from '@skerry/libvirt';
import type { Agent } from '../src/cloud/agent/agent.ts';
import { UnusedVolumes } from '../src/cloud/agent/unused-volumes.ts';
import { hypervisorId, vmId } from '../src/cloud/entity.ts';
import { poll } from '../src/util/poll.ts';
import { SETTINGS, startTestCloud, type TestCloud } from './support/cloud.ts';

/** Enough for a copy to last while the test does something. */
const MIB = 700;

const LONG_MS = 300_000;
const LONG = {
  timeoutMs: LONG_MS,
  intervalMs: 100,
  onTimeout: () => new Error('it does not become as it should'),
};

// Where others use the disk as well, a copy takes minutes.
vi.setConfig({ testTimeout: 2 * LONG_MS, hookTimeout: 2 * LONG_MS });

let cloud: TestCloud;
let libvirt: Connection;
let pool: string;
let agent: Agent;
let uuid: string | undefined;
const said: string[] = [];

beforeAll(async () => {
  cloud = await startTestCloud([]);
  libvirt = await connect(cloud.daemon.uri('qemu:///system'));
  // libvirt asks QEMU what it can when it is first asked itself: on a busy machine that lasts.
  await libvirt.capabilities({ timeoutMs: LONG_MS });
  pool = join(cloud.daemon.folder, 'pool');
  await mkdir(pool);
  const made = await libvirt.definePool(
    `<pool type='dir'><name>default</name><target><path>${pool}</path></target></pool>`,
  );
  await made.start();
  await libvirt.defineNetwork('<network><name>default</name></network>');
  await startAgent();
  const body = { name: 'large', diskGiB: 0 };
  const answer = await cloud.call('ann', 'POST', '/api/v1/hypervisors/hv1/alloc', body);
  uuid = String(answer.body['uuid']);
  await cloud.until(vmId(uuid), (each) => each !== undefined);
  await call('drives_create', { sizeGiB: MIB / 1024, format: 'raw' });
  await fill(await drive());
});

afterAll(async () => {
  await libvirt?.close();
  await cloud?.[Symbol.asyncDispose]();
});

async function startAgent(): Promise<void> {
  const libvirtUri = cloud.daemon.uri('qemu:///system');
  const settings = { ...SETTINGS, pool: 'default', imagesPool: 'default' };
  const log = (line: string): void => void said.push(line);
  agent = await cloud.startAgent('hv1', { libvirtUri, settings, log });
  await cloud.until(
    hypervisorId('hv1'),
    (each) => each?.kind === 'hypervisor' && each.libvirt === 'connected',
  );
  // What central knew of its predecessor may be all that it knows yet.
  if (uuid !== undefined) await poll(async () => (await call('drives_get')).drives, LONG);
}

async function call(verb: string, params: object = {}, signal?: AbortSignal) {
  const token = cloud.central.users.issue('ann', 'token');
  const response = await fetch(`${cloud.server.url}/api/v1/vms/${uuid ?? ''}/${verb}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify(params),
    signal: signal ?? AbortSignal.timeout(LONG_MS),
  });
  return (await response.json()) as { drives?: { source: string; format: string }[] };
}

async function drive(): Promise<string> {
  return (await call('drives_get')).drives?.[0]?.source ?? '';
}

/** With what no copy can leave out. */
async function fill(path: string): Promise<void> {
  await using file = await open(path, 'r+');
  const block = Buffer.alloc(2 ** 20, 'skerry');
  for (let at = 0; at < MIB; at++) await file.write(block, 0, block.length, at * block.length);
}

const files = () => readdir(pool);

/** Asks for it, and is there when libvirt has begun to copy. */
async function begin(verb: string, params: object) {
  const before = (await files()).length;
  const leave = new AbortController();
  const answer = call(verb, params, leave.signal).catch((error: unknown) => error);
  await poll(async () => (await files()).length > before || undefined, {
    timeoutMs: 30_000,
    intervalMs: 5,
    onTimeout: () => new Error('nothing is copied'),
  });
  return { leave: () => leave.abort(), answer };
}

/** As when the agent was killed between the use of a volume and the note of that. */
function writeNotes(name: string): Promise<void> {
  const notes = JSON.stringify([{ pool: 'default', name }]);
  return writeFile(join(cloud.dir, 'hv1', 'unused-volumes.json'), notes);
}

const auditPath = () => join(cloud.dir, 'hv1', 'audit.jsonl');
const noted = () => readFile(join(cloud.dir, 'hv1', 'unused-volumes.json'), 'utf8');

async function expectDone(format: string): Promise<void> {
  await poll(async () => {
    const [drive] = (await call('drives_get')).drives ?? [];
    return (drive?.format === format && (await files()).length === 1) || undefined;
  }, LONG);
}

async function expectOnly(names: readonly string[]): Promise<void> {
  await poll(async () => (await files()).length <= names.length || undefined, LONG);
  expect(await files()).toEqual(names);
}

test('whoever asked goes away: what was begun is done to its end', async () => {
  const { leave, answer } = await begin('drives_convert', { target: 'vda', format: 'qcow2' });
  leave();
  await answer;
  await expectDone('qcow2');
  expect(await call('drives_convert', { target: 'vda', format: 'raw' })).toEqual({});
});

test.each([
  ['clone', { name: 'large2' }],
  ['drives_convert', { target: 'vda', format: 'qcow2' }],
])('%s: the agent ends meanwhile, its next one deletes what is left', async (verb, params) => {
  const before = await files();
  const { answer } = await begin(verb, params);
  const log = await readFile(auditPath(), 'utf8');
  await agent[Symbol.asyncDispose]();
  await answer;
  expect(await files()).not.toEqual(before);
  // As when it was killed: of a request that central has not heard of either.
  const [, id = ''] = /"id":"([^"]+)".*\n$/.exec(log) ?? [];
  const killed = randomUUID();
  await writeFile(auditPath(), log.replaceAll(id, killed));
  await startAgent();
  await expectOnly(before);
  const noted = () => cloud.central.audit.list({}).find((entry) => entry.id === killed);
  expect(await poll(async () => noted(), LONG)).toMatchObject({
    ...{ verb, outcome: 'failed', by: { user: 'ann' }, params },
    message: 'its agent ended meanwhile: it is not known how it went',
  });
});

test('after all that the same works', async () => {
  expect(await call('drives_convert', { target: 'vda', format: 'qcow2' })).toEqual({});
  expect((await call('drives_get')).drives).toMatchObject([{ format: 'qcow2' }]);
  expect(await files()).toHaveLength(1);
});

test('what the agent was making, and libvirt uses by now, stays', async () => {
  const [name = ''] = await files();
  await agent[Symbol.asyncDispose]();
  await writeNotes(name);
  await startAgent();
  await poll(async () => ((await noted()) === '[]' ? true : undefined), LONG);
  expect(await files()).toEqual([name]);
});

test('nor is it looked at when the machine has gone elsewhere with it', async () => {
  const [name = ''] = await files();
  await agent[Symbol.asyncDispose]();
  await writeNotes(name);
  await startAgent();
  // Ten seconds later it would be looked at by itself.
  expect(await call('park')).toEqual({});
  expect(await noted()).toBe('[]');
  await cloud.until(vmId(uuid ?? ''), (each) => each === undefined);
  const place = { machine: uuid ?? '', hypervisor: 'hv1' };
  const back = await cloud.call('ann', 'POST', '/api/v1/central/unpark', place);
  expect(back).toEqual({ status: 200, body: { hypervisor: 'hv1' } });
  await cloud.until(vmId(uuid ?? ''), (each) => each !== undefined);
});

test('what goes with what uses it is noted before, all of it: none is left when the agent ends in between', async () => {
  const before = await files();
  const file = join(cloud.dir, 'notes.json');
  const own = await libvirt.pool('default');
  const ids = ['one', 'two'].map((name) => ({ pool: 'default', name }));
  for (const { name } of ids)
    await own.createVolume(
      `<volume><name>${name}</name><capacity>512</capacity><target><format type='raw'/></target></volume>`,
    );
  const volumes = await UnusedVolumes.load(file, () => {});
  const killed = new Error('killed');
  const step = async (): Promise<void> => {
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(ids);
    throw killed;
  };
  await expect(volumes.dropAfter(libvirt, ids, step)).rejects.toBe(killed);
  expect(await files()).toHaveLength(before.length + 2);
  const next = await UnusedVolumes.load(file, () => {});
  onTestFinished(() => void vi.useRealTimers());
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 11_000 });
  await next.sweep(libvirt);
  expect(await files()).toEqual(before);
});

test('a disk that cannot be deleted is not said to be: it is tried again, and that is said once', async () => {
  const body = { name: 'stuck', diskGiB: 0.01 };
  const made = await cloud.call('ann', 'POST', '/api/v1/hypervisors/hv1/alloc', body);
  const stuck = String(made.body['uuid']);
  await cloud.until(vmId(stuck), (each) => each !== undefined);
  const name = (await files()).find((each) => each.startsWith('stuck')) ?? '';
  // libvirt does not delete a folder that has something in it.
  await rm(join(pool, name));
  await mkdir(join(pool, name, 'inner'), { recursive: true });
  said.splice(0);
  const answer = await cloud.call('ann', 'POST', `/api/v1/vms/${stuck}/free`);
  expect(answer).toEqual({ status: 200, body: { deleted: [] } });
  expect(said).toEqual([expect.stringContaining(`default/${name} cannot be deleted yet`)]);
  expect(await noted()).toContain(name);
  await rm(join(pool, name, 'inner'), { recursive: true });
  await poll(async () => (await noted()) === '[]' || undefined, LONG);
  expect(await files()).not.toContain(name);
  expect(said).toHaveLength(1);
});

test('notes that cannot be read do not keep the agent from its work', async () => {
  await agent[Symbol.asyncDispose]();
  await writeFile(join(cloud.dir, 'hv1', 'unused-volumes.json'), '');
  await startAgent();
  expect((await call('drives_get')).drives).toMatchObject([{ format: 'qcow2' }]);
});

test('a golden image that is there stays, when another is to have its name', async () => {
  expect(await call('drives_setgolden', { target: 'vda', name: 'golden' })).toEqual({});
  const before = await files();
  expect(await call('drives_setgolden', { target: 'vda', name: 'golden' })).toMatchObject({
    error: { message: expect.stringContaining('golden.qcow2') as string },
  });
  expect(await files()).toEqual(before);
});
