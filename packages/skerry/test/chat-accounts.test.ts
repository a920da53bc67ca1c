// Which machines have accounts on a real ejabberd: those that are somewhere, and those of which nobody can know.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ChatAccounts } from '../src/cloud/chat/chat-accounts.ts';
import { ChatPeople } from '../src/cloud/chat/chat-people.ts';
import { vmId, type VmState } from '../src/cloud/entity.ts';
import { startTestCloud, type TestCloud } from './support/cloud.ts';

const GONE = '0a1b2c3d-0000-4000-8000-000000000009';
const THERE = '0a1b2c3d-0000-4000-8000-00000000000a';
const NODE = `<node><cpu><mhz>1</mhz><model>x</model><active>1</active><nodes>1</nodes><sockets>1</sockets><cores>1</cores>
<threads>1</threads></cpu><memory>4194304</memory><domain type='test'><name>there</name><uuid>${THERE}</uuid>
<memory>65536</memory><os><type>hvm</type></os></domain></node>`;
const SOON = { timeout: 10_000 };
let cloud: TestCloud;
let accounts: ChatAccounts;
let people: ChatPeople;

beforeAll(async () => {
  cloud = await startTestCloud(['hv1'], undefined, {}, 'xmpp');
  if (!cloud.bus.people) throw new Error('that bus is for people');
  ({ accounts } = cloud.bus.people);
  await accounts.addEntity('hypervisor:hv1');
  people = new ChatPeople({ central: cloud.central, ...cloud.bus.people, goneMs: 300 });
  cloud.central.chat = people;
});
afterAll(async () => {
  await people?.[Symbol.asyncDispose]();
  await cloud?.[Symbol.asyncDispose]();
});

const machines = async (): Promise<string[]> => (await accounts.entities()).machines.toSorted();

async function alloc(name: string): Promise<VmState> {
  await cloud.call('ann', 'POST', '/api/v1/hypervisors/hv1/alloc', { name, diskGiB: 0 });
  const vm = cloud.central.registry.findVm(name) as VmState;
  await accounts.addEntity(vm.id);
  return vm;
}

test('a machine that was deleted has no account, and one that is parked keeps it', async () => {
  const [kept, parked, gone] = [await alloc('kept'), await alloc('parked'), await alloc('gone')];
  await cloud.call('ann', 'POST', '/api/v1/vms/parked/park');
  await cloud.call('ann', 'POST', '/api/v1/vms/gone/free');
  await cloud.until(gone.id, (each) => each === undefined);
  await expect.poll(machines, SOON).toEqual([kept.uuid, parked.uuid].toSorted());
  expect(await accounts.entities()).toMatchObject({ hypervisors: ['hv1'] });
});

test('nothing is taken away while a hypervisor was not heard, nor when one is away', async () => {
  const before = await machines();
  await accounts.addEntity('hypervisor:hv2');
  await accounts.addEntity(vmId(GONE));
  // Something changes: it is looked at.
  cloud.central.policies.setGrant('user:ben', 'all', ['info']);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect(await machines()).toEqual([...before, GONE].toSorted());
  // It is heard, and it has a machine; then it is away.
  const file = join(cloud.dir, 'hv2.xml');
  await writeFile(file, NODE);
  const agent = await cloud.startAgent('hv2', { libvirtUri: cloud.daemon.uri(`test://${file}`) });
  await accounts.addEntity(vmId(THERE));
  await cloud.until(vmId(THERE), (each) => each !== undefined);
  await expect.poll(machines, SOON).toEqual([...before, THERE].toSorted());
  await agent[Symbol.asyncDispose]();
  await expect.poll(() => cloud.central.registry.isLive('hv2'), SOON).toBe(false);
  cloud.central.policies.setGrant('user:ben', 'all', ['info', 'presence']);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect(await machines()).toEqual([...before, THERE].toSorted());
});

test('nothing is taken away while an agent does not reach its libvirt', async () => {
  const before = await machines();
  const libvirtUri = `test:///default?socket=${join(cloud.dir, 'nobody')}`;
  const agent = await cloud.startAgent('hv2', { libvirtUri });
  await cloud.until(vmId(THERE), (each) => each === undefined);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect(await machines()).toEqual(before);
  await agent[Symbol.asyncDispose]();
  await expect.poll(() => cloud.central.registry.isLive('hv2'), SOON).toBe(false);
});

test('one that was not there since central started can be forgotten, and nothing waits for it', async () => {
  await accounts.addEntity('hypervisor:hv4');
  await accounts.addEntity(vmId(GONE));
  await cloud.central.forget('hv4');
  expect(await accounts.entities()).toMatchObject({ hypervisors: ['hv1', 'hv2'] });
  await expect(cloud.central.forget('hv4')).rejects.toMatchObject({ code: 'not-found' });
});

test('a hypervisor that is forgotten has no account, nor have its machines', async () => {
  await cloud.central.forget('hv2');
  await expect.poll(machines, SOON).not.toContain(THERE);
  expect(await machines()).not.toContain(GONE);
  expect(await accounts.entities()).toMatchObject({ hypervisors: ['hv1'] });
});
