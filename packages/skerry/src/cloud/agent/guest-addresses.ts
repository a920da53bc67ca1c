// The addresses that machines have in their networks. No event of libvirt's tells of them, so a machine that runs is asked:
// often until each of its cards has one, then now and then.
import { isIP } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection, Domain, DomainInterface } from '@skerry/libvirt';
import { vmId, type VmState } from '../entity.ts';
import { arpEntries, type ReadProcNet } from './proc-net.ts';
import type { Entities } from './entities.ts';

type Nics = VmState['nics'];
/** Addresses by MAC, in small letters. */
type Found = ReadonlyMap<string, readonly string[]>;
const NOTHING: Found = new Map();

/** Until they are all known; under emulation a guest takes half a minute to boot. */
const SOON_MS = [1000, 2000, 3000, 5000, 5000, 10_000, 20_000, 30_000, 60_000];
const LATER_MS = 300_000;
/** Of one that was there and did not answer: its file systems may be frozen for a backup. */
const SILENT_MS = 60_000;
/** Then the guest's agent is said to have failed: for ever, a guest could hold up libvirt's own threads. */
const AGENT_SEC = 10;
/** Guests that are asked at a time, of libvirt's five calls of one connection. */
const MOST_ASKED = 3;
/** Of one card; what a guest says of itself may be anything. */
const MOST_ADDRESSES = 16;

export interface GuestAddressesOptions {
  readonly connection: Connection;
  readonly entities: Entities;
  readonly readProcNet: ReadProcNet;
}

/** Keeps `addresses` of the cards of one libvirt connection's machines, until it is closed. */
export class GuestAddresses {
  readonly #options: GuestAddressesOptions;
  readonly #closed = new AbortController();
  readonly #known = new Map<string, Found>();
  readonly #following = new Map<string, AbortController>();
  /** Guests that are to be asked; who asks again meanwhile gets the same answer. */
  readonly #asked = new Map<string, Promise<Found | undefined>>();
  /** Those that are being asked. */
  readonly #answering = new Set<Promise<unknown>>();
  /** For what guests are asked: those that do not answer hold up nobody else. */
  #agents: Promise<Connection> | undefined;

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
    this.#stop(uuid);
    if (vm.state === 'running' || vm.state === 'blocked') {
      const stop = new AbortController();
      this.#following.set(uuid, stop);
      const signal = AbortSignal.any([this.#closed.signal, stop.signal]);
      void this.#keepAsking(domain, vm.nics, hasAgent, signal).catch(() => {});
    } else if (vm.state !== 'paused' && vm.state !== 'shutting-down') this.#known.delete(uuid);
    return withAddresses(vm.nics, this.#known.get(uuid));
  }

  /** It is gone. */
  forget(uuid: string): void {
    this.#stop(uuid);
    this.#known.delete(uuid);
  }

  #stop(uuid: string): void {
    this.#following.get(uuid)?.abort();
    this.#following.delete(uuid);
  }

  async close(): Promise<void> {
    this.#closed.abort();
    const agents = await this.#agents?.catch(() => undefined);
    await agents?.close();
  }

  async #keepAsking(
    domain: Domain,
    nics: Nics,
    hasAgent: boolean,
    signal: AbortSignal,
  ): Promise<void> {
    if (nics.length === 0) return;
    const { uuid } = domain;
    let waitMs = 0;
    for (let round = 0; ; round += 1) {
      await sleep(waitMs, undefined, { signal, ref: false });
      const before = this.#known.get(uuid) ?? NOTHING;
      const seen = await this.#look(domain, nics, signal);
      signal.throwIfAborted();
      // What is new, at once: a guest may take its time.
      this.#publish(uuid, new Map([...seen, ...before]));
      const told = hasAgent ? await this.#ask(uuid) : NOTHING;
      signal.throwIfAborted();
      // The guest knows best; what one said that is silent now is not taken back.
      const all = new Map([...(told ? NOTHING : before), ...seen, ...(told ?? NOTHING)]);
      this.#publish(uuid, all);
      const isWhole = nics.every(({ mac }) => all.has(mac.toLowerCase()));
      const soon = isWhole && told ? undefined : SOON_MS[round];
      waitMs = soon ?? (told ? LATER_MS : SILENT_MS);
    }
  }

  #publish(uuid: string, found: Found): void {
    const { entities } = this.#options;
    this.#known.set(uuid, found);
    const vm = entities.get(vmId(uuid));
    if (vm?.kind !== 'vm') return;
    entities.patch<VmState>(vmId(uuid), { nics: withAddresses(vm.nics, found) });
  }

  /** Where it is seen from outside: in libvirt's leases, else in the host's own table. */
  async #look(domain: Domain, nics: Nics, signal: AbortSignal): Promise<Found> {
    // Not every kind of machine has them.
    const leases = await domain.interfaceAddresses('lease', { signal }).catch(() => []);
    const lent = byMac(leases);
    if (nics.every(({ mac }) => lent.has(mac.toLowerCase()))) return lent;
    const table = arpEntries(await this.#options.readProcNet('arp', signal).catch(() => ''));
    const seen = table.map(({ mac, address }) => ({ mac, addresses: [{ address }] }));
    const own = new Set(nics.map(({ mac }) => mac.toLowerCase()));
    return new Map([...[...byMac(seen)].filter(([mac]) => own.has(mac)), ...lent]);
  }

  /** What the guest's agent says; undefined when it does not answer. */
  #ask(uuid: string): Promise<Found | undefined> {
    const asked = this.#asked.get(uuid);
    if (asked) return asked;
    const asking = this.#askInTurn(uuid)
      .catch(() => undefined)
      .finally(() => this.#asked.delete(uuid));
    this.#asked.set(uuid, asking);
    return asking;
  }

  async #askInTurn(uuid: string): Promise<Found> {
    while (this.#answering.size >= MOST_ASKED) await Promise.race(this.#answering);
    const answer = this.#askNow(uuid);
    const settled = answer.then(
      () => {},
      () => {},
    );
    this.#answering.add(settled);
    void settled.then(() => this.#answering.delete(settled));
    return answer;
  }

  async #askNow(uuid: string): Promise<Found> {
    const { signal } = this.#closed;
    signal.throwIfAborted();
    this.#agents ??= this.#options.connection.dup();
    const agents = await this.#agents.catch((error: unknown) => {
      this.#agents = undefined;
      throw error;
    });
    const domain = await agents.domainByUuid(uuid, { signal });
    await domain.setAgentTimeout(AGENT_SEC, { signal });
    try {
      return byMac(await domain.interfaceAddresses('agent', { signal }));
    } finally {
      // libvirt's default, for whoever else asks it: a freeze may take longer.
      await domain.setAgentTimeout('forever', { signal }).catch(() => {});
    }
  }
}

function byMac(
  interfaces: readonly {
    readonly mac: string | null;
    readonly addresses: readonly Pick<DomainInterface['addresses'][number], 'address'>[];
  }[],
): Found {
  const found = new Map<string, readonly string[]>();
  for (const { mac, addresses } of interfaces) {
    const good = addresses.map(({ address }) => address).filter(isReachable);
    const key = mac?.toLowerCase();
    if (key === undefined || good.length === 0) continue;
    // A guest's VLANs and bridges have the MAC of the card that they are on.
    const all = new Set([...(found.get(key) ?? []), ...good]);
    found.set(key, [...all].slice(0, MOST_ADDRESSES));
  }
  return found;
}

/** None of the loopback's, of one link alone, or of nobody. */
function isReachable(address: string): boolean {
  return (
    isIP(address) > 0 &&
    !/^(0\.|127\.|169\.254\.|22[4-9]\.|2[345]\d\.|::$|::1$|::ffff:|fe[89ab]|ff)/i.test(address)
  );
}

function withAddresses(nics: Nics, found: Found | undefined): Nics {
  return nics.map((nic) => ({
    ...nic,
    addresses: [...(found?.get(nic.mac.toLowerCase()) ?? [])],
  }));
}
