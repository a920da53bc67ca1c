// The addresses that machines have in their networks. No event of libvirt's tells of them, so a machine that runs is asked:
// often until each of its cards has one, then now and then.
import { isIP } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection, Domain, DomainInterface } from '@skerry/libvirt';
import { vmId, type VmState } from '../entity.ts';
import { parseArpTable, type ReadArp } from './arp-table.ts';
import type { Entities } from './entities.ts';

type Nics = VmState['nics'];
/** Addresses by MAC, in small letters. */
type Found = ReadonlyMap<string, readonly string[]>;

/** Until they are all known; under emulation a guest takes half a minute to boot. */
const SOON_MS = [0, 1000, 2000, 3000, 5000, 5000, 10_000, 20_000, 30_000, 60_000];
const LATER_MS = 300_000;
/** Then the guest's agent is told to have failed: for ever, a guest could hold up libvirt's own threads. */
const AGENT_SEC = 10;
/** Of one card; what a guest says of itself may be anything. */
const MOST_ADDRESSES = 16;

export interface GuestAddressesOptions {
  readonly connection: Connection;
  readonly entities: Entities;
  readonly readArp: ReadArp;
  readonly signal: AbortSignal;
}

/** Keeps `addresses` of the cards of one libvirt connection's machines. */
export class GuestAddresses {
  readonly #options: GuestAddressesOptions;
  readonly #known = new Map<string, Found>();
  readonly #asking = new Map<string, AbortController>();
  #agents: Promise<unknown> = Promise.resolve();
  #own: Promise<Connection> | undefined;

  constructor(options: GuestAddressesOptions) {
    this.#options = options;
  }

  /**
   * A machine was read: gives its cards with what is known, and begins to ask for what is not.
   *
   * @param hasAgent whether its guest agent is there, and may be asked
   */
  follow(domain: Domain, vm: Pick<VmState, 'state' | 'nics'>, hasAgent: boolean): Nics {
    const { uuid } = domain;
    this.#asking.get(uuid)?.abort();
    this.#asking.delete(uuid);
    if (vm.state === 'running' || vm.state === 'blocked') {
      const stop = new AbortController();
      this.#asking.set(uuid, stop);
      const signal = AbortSignal.any([this.#options.signal, stop.signal]);
      void this.#ask(domain, vm.nics, hasAgent, signal).catch(() => {});
    } else if (vm.state !== 'paused' && vm.state !== 'shutting-down') this.#known.delete(uuid);
    return withAddresses(vm.nics, this.#known.get(uuid));
  }

  /** It is gone. */
  forget(uuid: string): void {
    this.#asking.get(uuid)?.abort();
    this.#asking.delete(uuid);
    this.#known.delete(uuid);
  }

  async close(): Promise<void> {
    const own = await this.#own?.catch(() => undefined);
    await own?.close();
  }

  async #ask(domain: Domain, nics: Nics, hasAgent: boolean, signal: AbortSignal): Promise<void> {
    if (nics.length === 0) return;
    const { entities } = this.#options;
    const id = vmId(domain.uuid);
    for (let round = 0; ; round += 1) {
      const lacks = nics.some(({ mac }) => !this.#known.get(domain.uuid)?.has(mac.toLowerCase()));
      const soon = round === 0 || lacks ? SOON_MS[round] : undefined;
      await sleep(soon ?? LATER_MS, undefined, { signal, ref: false });
      const found = await this.#read(domain, nics, hasAgent, signal);
      signal.throwIfAborted();
      this.#known.set(domain.uuid, found);
      const vm = entities.get(id);
      if (vm?.kind !== 'vm') return;
      const now = withAddresses(vm.nics, found);
      if (JSON.stringify(now) !== JSON.stringify(vm.nics))
        entities.patch<VmState>(id, { nics: now });
    }
  }

  /** The guest knows best; without its agent libvirt's leases are asked, then the host's own table. */
  async #read(domain: Domain, nics: Nics, hasAgent: boolean, signal: AbortSignal): Promise<Found> {
    const found = new Map<string, readonly string[]>();
    const lacks = (): boolean => nics.some(({ mac }) => !found.has(mac.toLowerCase()));
    if (hasAgent) add(found, await this.#askGuest(domain.uuid, signal));
    // Not every kind of machine has them.
    if (lacks()) add(found, await domain.interfaceAddresses('lease', { signal }).catch(() => []));
    if (!lacks()) return found;
    const table = parseArpTable(await this.#options.readArp(signal).catch(() => ''));
    for (const { mac } of nics) addTo(found, mac, table.get(mac.toLowerCase()) ?? []);
    return found;
  }

  /** One after the other, on a connection of their own: guests that do not answer hold up nobody else. */
  #askGuest(uuid: string, signal: AbortSignal): Promise<readonly DomainInterface[]> {
    const asked = this.#agents.then(async () => {
      signal.throwIfAborted();
      this.#own ??= this.#options.connection.dup();
      const domain = await (await this.#own).domainByUuid(uuid, { signal });
      await domain.setAgentTimeout(AGENT_SEC, { signal });
      return domain.interfaceAddresses('agent', { signal });
    });
    this.#agents = asked.catch(() => {});
    return asked.catch(() => []);
  }
}

function add(found: Map<string, readonly string[]>, interfaces: readonly DomainInterface[]): void {
  for (const { mac, addresses } of interfaces)
    addTo(
      found,
      mac ?? '',
      addresses.map(({ address }) => address),
    );
}

/** What is known already counts. */
function addTo(
  found: Map<string, readonly string[]>,
  mac: string,
  addresses: readonly string[],
): void {
  const good = reachable(addresses);
  const key = mac.toLowerCase();
  if (good.length > 0 && !found.has(key)) found.set(key, good);
}

/** Addresses that others may reach: none of the loopback's or of one link alone. */
function reachable(addresses: readonly string[]): string[] {
  return addresses
    .filter((each) => isIP(each) > 0 && !/^(127\.|169\.254\.|::1$|fe[89ab])/i.test(each))
    .slice(0, MOST_ADDRESSES);
}

function withAddresses(nics: Nics, found: Found | undefined): Nics {
  return nics.map((nic) => ({
    ...nic,
    addresses: [...(found?.get(nic.mac.toLowerCase()) ?? [])],
  }));
}
