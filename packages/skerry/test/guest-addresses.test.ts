// The addresses of libvirt's test driver, which lends one to each card that is on a network.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect, type Connection, type Domain } from '@skerry/libvirt';
import { type Daemon, startDaemon } from '../../libvirt/test/daemon.ts';
import { Entities } from '../src/cloud/agent/entities.ts';
import { GuestAddresses } from '../src/cloud/agent/guest-addresses.ts';
import { readVm } from '../src/cloud/agent/read-vm.ts';
import { addressesOf, vmId, type VmState } from '../src/cloud/entity.ts';

let daemon: Daemon;
let connection: Connection;

beforeAll(async () => {
  daemon = await startDaemon();
  connection = await connect(daemon.uri('test:///default'));
});
afterAll(async () => {
  await connection.close();
  await daemon[Symbol.asyncDispose]();
});

interface Followed {
  readonly domain: Domain;
  readonly addresses: GuestAddresses;
  readonly entities: Entities;
  readonly vm: () => VmState;
}

/** A machine that runs, as the agent has it. */
async function machine(name: string, cards: string): Promise<Followed> {
  const domain = await connection.defineDomain(`<domain type='test'><name>${name}</name>
    <memory>65536</memory><os><type>hvm</type></os><devices>${cards}</devices></domain>`);
  await domain.start();
  const read = await readVm(domain);
  if (!read) throw new Error('it is gone');
  const entities = new Entities('epoch', () => {});
  const addresses = new GuestAddresses({
    ...{ connection, entities },
    readProcNet: () => Promise.reject(new Error('no table')),
  });
  const rest = { hypervisor: 'hv1', task: null, lastChange: null, runningSince: null };
  entities.set({ ...read.vm, ...rest });
  return { domain, addresses, entities, vm: () => entities.get(vmId(domain.uuid)) as VmState };
}

const LENT = `<interface type='network'><source network='default'/></interface>`;
/** A card that nobody knows of: whoever follows the machine asks on and on. */
const UNKNOWN = {
  mac: '52:54:00:ff:ff:ff',
  type: 'user',
  source: null,
  model: null,
  addresses: [],
};

test('they are told when they are known, and forgotten when the machine is off', async () => {
  const { domain, addresses, vm } = await machine('lent', LENT);
  expect(addressesOf({ nics: addresses.follow(domain, vm(), false) })).toEqual([]);
  await expect.poll(() => addressesOf(vm())).toEqual([expect.stringMatching(/^192\.168\.122\./)]);
  const again = addresses.follow(domain, vm(), false);
  expect(addressesOf({ nics: again })).toEqual(addressesOf(vm()));
  // Paused, it has them still.
  const paused = addresses.follow(domain, { ...vm(), state: 'paused' }, false);
  expect(addressesOf({ nics: paused })).toEqual(addressesOf(vm()));
  const off = addresses.follow(domain, { ...vm(), state: 'shutoff' }, false);
  expect(addressesOf({ nics: off })).toEqual([]);
  await addresses.close();
});

test('a guest that does not answer takes nothing back', async () => {
  const { domain, addresses, vm } = await machine('silent', LENT);
  // The test driver has no agent.
  addresses.follow(domain, vm(), true);
  await expect.poll(() => addressesOf(vm())).toHaveLength(1);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect(addressesOf(vm())).toHaveLength(1);
  await addresses.close();
});

test.each([
  ['closed', (addresses: GuestAddresses) => addresses.close()],
  ['told to forget it', async (addresses: GuestAddresses, uuid: string) => addresses.forget(uuid)],
])('once %s, it says nothing more', async (name, end) => {
  const { domain, addresses, entities, vm } = await machine(name.slice(0, 4), LENT);
  addresses.follow(domain, { ...vm(), nics: [...vm().nics, UNKNOWN] }, false);
  await expect.poll(() => addressesOf(vm())).toHaveLength(1);
  await end(addresses, domain.uuid);
  const bare = vm().nics.map((nic) => ({ ...nic, addresses: [] }));
  entities.patch<VmState>(vmId(domain.uuid), { nics: bare });
  // It would have looked again after 1 s, and after 2 s more.
  await new Promise((resolve) => setTimeout(resolve, 3500));
  expect(addressesOf(vm())).toEqual([]);
  await addresses.close();
});

test('an older central says nothing of addresses', () => {
  const nics = [{ mac: '52:54:00:00:00:01', type: 'network', source: 'default', model: null }];
  expect(addressesOf({ nics } as unknown as VmState)).toEqual([]);
});
