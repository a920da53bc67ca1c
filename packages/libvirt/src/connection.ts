import { Domain, type StartOptions } from './domain.ts';
import { allStats, type DomainStats, type StatsOptions, toDomainStats } from './domain-stats.ts';
import { EventHub, type EventOptions } from './events.ts';
import type { EventStream } from './event-queue.ts';
import type { EventOf, EventType } from './event-types.ts';
import type { ConnectionClosedError } from './errors.ts';
import { listToFlags, toFlags, toNumber } from './flags.ts';
import { Network } from './network.ts';
import type { Packet } from './frame.ts';
import type { CallOptions } from './pending-call.ts';
import type { Procedure, ProcedureResult } from './procedures.ts';
import type { Link } from './reconnect.ts';
import type { CallArgs, RpcClient } from './rpc-client.ts';
import type { OpenStreamOptions, Session } from './session.ts';
import { StoragePool } from './storage.ts';
import type { LibvirtStream, StreamOptions } from './stream.ts';

/** The host's hardware. */
export interface NodeInfo {
  readonly model: string;
  readonly memoryKiB: number;
  readonly cpus: number;
  readonly mhz: number;
  readonly nodes: number;
  readonly sockets: number;
  readonly cores: number;
  readonly threads: number;
}

/** Which domains to list; nothing set means all. */
export interface ListDomainsOptions extends CallOptions {
  readonly active?: boolean;
  readonly inactive?: boolean;
  readonly persistent?: boolean;
  readonly transient?: boolean;
}

/** Which networks or pools to list; nothing set means all. */
export interface ListOptions extends CallOptions {
  readonly active?: boolean;
  readonly inactive?: boolean;
}

export interface DefineOptions extends CallOptions {
  /** Check the XML against libvirt's schema. */
  readonly validate?: boolean;
}

export interface DomainCapabilitiesOptions extends CallOptions {
  readonly emulator?: string;
  readonly arch?: string;
  readonly machine?: string;
  readonly virtType?: string;
}

/** How a connection makes another one like itself. */
export interface Redial {
  connect(): Promise<Connection>;
  /** A bare connection for a stream, which may be left unread for long. */
  stream(options: CallOptions): Promise<RpcClient>;
}

const listDomainBits = { active: 1, inactive: 2, persistent: 4, transient: 8 };
const listNetworkBits = { inactive: 1, active: 2 };
const createBits = { paused: 1, autodestroy: 2 };
const CLOSED_MESSAGE = 362;
const closeReasons = ['error', 'end of file', 'keepalive timeout', 'client'];

/** An open connection to a libvirt daemon. Make one with `connect()`. */
export class Connection implements Session, AsyncDisposable {
  readonly #link: Link;
  readonly #events: EventHub;
  readonly #redial: Redial;
  readonly #streamClients = new Set<RpcClient>();

  /** Use `connect()`. */
  constructor(link: Link, events: EventHub, redial: Redial) {
    this.#link = link;
    this.#redial = redial;
    this.#events = events;
    link.onMessage = (packet) => this.#receive(packet);
  }

  /** Settles, never rejects, with the reason when the connection is gone. */
  get closed(): Promise<ConnectionClosedError> {
    return this.#link.closed;
  }

  get isClosed(): boolean {
    return this.#link.closeError !== undefined;
  }

  /**
   * Calls a procedure by libvirt's name, e.g. `call('DOMAIN_GET_INFO', { domain: domain.ref })`.
   * 64-bit values are bigint. At most four calls run at once, others wait their turn. Rejects with
   * LibvirtError (the daemon's), TimeoutError, ConnectionClosedError or the signal's reason.
   */
  call<P extends Procedure>(
    name: P,
    args: CallArgs<P>,
    options?: CallOptions,
  ): Promise<ProcedureResult<P>> {
    return this.#link.call(name, args, options);
  }

  /**
   * Opens a stream procedure on a connection of its own, so that a slow reader stops nobody else.
   * The connection ends with the stream.
   */
  async openStream<P extends Procedure>(
    name: P,
    args: CallArgs<P>,
    kind: StreamOptions['kind'],
    options: OpenStreamOptions = {},
  ): Promise<{ stream: LibvirtStream; result: ProcedureResult<P> }> {
    if (this.#link.closeError !== undefined) throw this.#link.closeError;
    const client = await this.#redial.stream(options);
    try {
      const opened = await client.openStream(name, args, kind, options);
      this.#streamClients.add(client);
      opened.stream.once('close', () => {
        this.#streamClients.delete(client);
        void client.close();
      });
      return opened;
    } catch (error) {
      void client.close();
      throw error;
    }
  }

  /**
   * Another connection with the same settings: for slow calls (guest agent, save, migrate), which
   * would otherwise fill this one's four slots. Takes about a millisecond.
   */
  dup(): Promise<Connection> {
    return this.#redial.connect();
  }

  /**
   * Subscribes to events; resolves when the daemon has noted it, so nothing after that is missed.
   * An event may arrive before the reply of the call that caused it. When the connection is lost
   * the loop throws ConnectionClosedError; with the option `reconnect` it goes on, and a `resync`
   * event says when to list again what you track.
   */
  async events<T extends EventType = EventType>(
    options: EventOptions<T> = {},
  ): Promise<EventStream<EventOf<T | 'resync'>>> {
    await this.#link.ready({ signal: options.signal });
    return this.#events.subscribe(options);
  }

  /**
   * Closes, and destroys its streams. Pending and later calls reject with ConnectionClosedError.
   * Never fails.
   */
  async close(): Promise<void> {
    const clients = [this.#link, ...this.#streamClients];
    await Promise.all(clients.map((client) => client.close()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** libvirt's version, e.g. `9.0.0`: cheap, good as a health check (virConnectGetLibVersion). */
  async libVersion(options?: CallOptions): Promise<string> {
    const { version } = await this.call('CONNECT_GET_LIB_VERSION', undefined, options);
    return formatVersion(version);
  }

  /**
   * The hypervisor's version (virConnectGetVersion). Slow: some daemons examine QEMU anew for
   * each call, which takes seconds. Never use it as a health check.
   */
  async hypervisorVersion(options?: CallOptions): Promise<string> {
    const { version } = await this.call('CONNECT_GET_VERSION', undefined, options);
    return formatVersion(version);
  }

  /** The host's name (virConnectGetHostname). */
  async hostname(options?: CallOptions): Promise<string> {
    return (await this.call('CONNECT_GET_HOSTNAME', undefined, options)).hostname;
  }

  /** The URI the daemon uses (virConnectGetURI). */
  async uri(options?: CallOptions): Promise<string> {
    return (await this.call('CONNECT_GET_URI', undefined, options)).uri;
  }

  /** The host's and guests' capabilities as XML; may take seconds (virConnectGetCapabilities). */
  async capabilities(options?: CallOptions): Promise<string> {
    return (await this.call('CONNECT_GET_CAPABILITIES', undefined, options)).capabilities;
  }

  /** What one kind of domain can have, as XML (virConnectGetDomainCapabilities). */
  async domainCapabilities(options: DomainCapabilitiesOptions = {}): Promise<string> {
    const { emulator, arch, machine, virtType } = options;
    const args = { emulator, arch, machine, virtType };
    return (await this.call('CONNECT_GET_DOMAIN_CAPABILITIES', args, options)).capabilities;
  }

  /** The host's hardware (virNodeGetInfo). */
  async nodeInfo(options?: CallOptions): Promise<NodeInfo> {
    const { memory, ...info } = await this.call('NODE_GET_INFO', undefined, options);
    return { ...info, memoryKiB: toNumber(memory) };
  }

  /** The host's free memory in bytes (virNodeGetFreeMemory). */
  async freeMemoryBytes(options?: CallOptions): Promise<number> {
    return toNumber((await this.call('NODE_GET_FREE_MEMORY', undefined, options)).freeMemory);
  }

  /** The domains (virConnectListAllDomains). One may be gone by the time it is used. */
  async domains(options: ListDomainsOptions = {}): Promise<Domain[]> {
    const args = { needResults: 1, flags: toFlags(listDomainBits, options) };
    const { domains } = await this.call('CONNECT_LIST_ALL_DOMAINS', args, options);
    return domains.map((domain) => new Domain(this, domain));
  }

  /** A domain by name (virDomainLookupByName). Not found when there is none. */
  async domain(name: string, options?: CallOptions): Promise<Domain> {
    const { domain } = await this.call('DOMAIN_LOOKUP_BY_NAME', { name }, options);
    return new Domain(this, domain);
  }

  /** A domain by uuid (virDomainLookupByUUID). Not found when there is none. */
  async domainByUuid(uuid: string, options?: CallOptions): Promise<Domain> {
    const { domain } = await this.call('DOMAIN_LOOKUP_BY_UUID', { uuid }, options);
    return new Domain(this, domain);
  }

  /** Stores a definition, new or changed; does not start it (virDomainDefineXMLFlags). */
  async defineDomain(xml: string, options: DefineOptions = {}): Promise<Domain> {
    const args = { xml, flags: options.validate ? 1 : 0 };
    const { domain } = await this.call('DOMAIN_DEFINE_XML_FLAGS', args, options);
    return new Domain(this, domain);
  }

  /** Starts a domain that is forgotten when it stops (virDomainCreateXML). */
  async createDomain(xml: string, options: StartOptions & DefineOptions = {}): Promise<Domain> {
    const flags = toFlags(createBits, options) + (options.validate ? 16 : 0);
    const { domain } = await this.call('DOMAIN_CREATE_XML', { xml, flags }, options);
    return new Domain(this, domain);
  }

  /** Continues a domain from a file that `Domain.save` wrote (virDomainRestoreFlags). */
  async restoreDomain(path: string, options?: CallOptions): Promise<void> {
    await this.call('DOMAIN_RESTORE_FLAGS', { from: path }, options);
  }

  /** Figures of many domains in one call (virConnectGetAllDomainStats). */
  async domainStats(options: StatsOptions = {}): Promise<DomainStats[]> {
    const args = {
      domains: (options.domains ?? []).map((domain) => domain.ref),
      stats: listToFlags(allStats, options.stats ?? []),
      flags: toFlags({ active: 1, inactive: 2, noWait: 2 ** 29 }, options),
    };
    const { records } = await this.call('CONNECT_GET_ALL_DOMAIN_STATS', args, options);
    return records.map((record) => toDomainStats(new Domain(this, record.domain), record.params));
  }

  /** The virtual networks (virConnectListAllNetworks). */
  async networks(options: ListOptions = {}): Promise<Network[]> {
    const args = { needResults: 1, flags: toFlags(listNetworkBits, options) };
    const { networks } = await this.call('CONNECT_LIST_ALL_NETWORKS', args, options);
    return networks.map((network) => new Network(this, network));
  }

  /** A network by name (virNetworkLookupByName). Not found when there is none. */
  async network(name: string, options?: CallOptions): Promise<Network> {
    const { network } = await this.call('NETWORK_LOOKUP_BY_NAME', { name }, options);
    return new Network(this, network);
  }

  /** A network by uuid (virNetworkLookupByUUID). Not found when there is none. */
  async networkByUuid(uuid: string, options?: CallOptions): Promise<Network> {
    const { network } = await this.call('NETWORK_LOOKUP_BY_UUID', { uuid }, options);
    return new Network(this, network);
  }

  /** Stores a network's definition; does not start it (virNetworkDefineXMLFlags). */
  async defineNetwork(xml: string, options: DefineOptions = {}): Promise<Network> {
    const args = { xml, flags: options.validate ? 1 : 0 };
    const { network } = await this.call('NETWORK_DEFINE_XML_FLAGS', args, options);
    return new Network(this, network);
  }

  /** Starts a network that is forgotten when it stops (virNetworkCreateXMLFlags). */
  async createNetwork(xml: string, options: DefineOptions = {}): Promise<Network> {
    const args = { xml, flags: options.validate ? 1 : 0 };
    const { network } = await this.call('NETWORK_CREATE_XML_FLAGS', args, options);
    return new Network(this, network);
  }

  /** The storage pools (virConnectListAllStoragePools). */
  async pools(options: ListOptions = {}): Promise<StoragePool[]> {
    const args = { needResults: 1, flags: toFlags(listNetworkBits, options) };
    const { pools } = await this.call('CONNECT_LIST_ALL_STORAGE_POOLS', args, options);
    return pools.map((pool) => new StoragePool(this, pool));
  }

  /** A storage pool by name (virStoragePoolLookupByName). Not found when there is none. */
  async pool(name: string, options?: CallOptions): Promise<StoragePool> {
    const { pool } = await this.call('STORAGE_POOL_LOOKUP_BY_NAME', { name }, options);
    return new StoragePool(this, pool);
  }

  /** Stores a pool's definition; does not start it (virStoragePoolDefineXML). */
  async definePool(xml: string, options?: CallOptions): Promise<StoragePool> {
    const { pool } = await this.call('STORAGE_POOL_DEFINE_XML', { xml }, options);
    return new StoragePool(this, pool);
  }

  /** Starts a pool that is forgotten when it stops (virStoragePoolCreateXML). */
  async createPool(xml: string, options?: CallOptions): Promise<StoragePool> {
    const { pool } = await this.call('STORAGE_POOL_CREATE_XML', { xml }, options);
    return new StoragePool(this, pool);
  }

  #receive(packet: Packet): void {
    if (this.#events.receive(packet)) return;
    if (packet.procedure === CLOSED_MESSAGE) {
      const reason = packet.payload.length >= 4 ? packet.payload.readInt32BE(0) : -1;
      this.#link.fail(`the hypervisor's side ended (${closeReasons[reason] ?? reason})`);
    }
  }
}

/** libvirt packs a version as 1000000 * major + 1000 * minor + release. */
function formatVersion(version: bigint): string {
  return [version / 1_000_000n, (version / 1000n) % 1000n, version % 1000n].join('.');
}
