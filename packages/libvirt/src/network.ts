import { type AffectOptions, affectFlags } from './domain-base.ts';
import { type MetadataKey, type MetadataOptions, metadataArgs } from './domain-definition.ts';
import { NetworkPort } from './network-port.ts';
import type { CallOptions } from './pending-call.ts';
import type { Struct } from './schema.ts';
import type { Session } from './session.ts';

/** A DHCP lease of a libvirt network. */
export interface DhcpLease {
  readonly interface: string;
  /** When it ends; null for never. */
  readonly expiresAt: Date | null;
  readonly family: 'ipv4' | 'ipv6';
  readonly mac: string | null;
  readonly iaid: string | null;
  readonly address: string;
  readonly prefix: number;
  readonly hostname: string | null;
  readonly clientId: string | null;
}

const commands = { modify: 1, delete: 2, 'add-last': 3, 'add-first': 4 };
const sections = {
  bridge: 1,
  domain: 2,
  ip: 3,
  'ip-dhcp-host': 4,
  'ip-dhcp-range': 5,
  forward: 6,
  'forward-interface': 7,
  'forward-pf': 8,
  portgroup: 9,
  'dns-host': 10,
  'dns-txt': 11,
  'dns-srv': 12,
};
const FEATURE_UPDATE_ORDER = 16;

/** A change to one part of a network's definition. */
export interface NetworkUpdate {
  readonly command: keyof typeof commands;
  readonly section: keyof typeof sections;
  readonly xml: string;
  /** Which of several parents, e.g. `<ip>` elements. Default -1: the only or the first fit. */
  readonly parentIndex?: number;
}

/** A virtual network. */
export class Network {
  /** Its name when this object was made (virNetworkGetName). */
  readonly name: string;
  /** What it is known by, also under another name (virNetworkGetUUIDString). */
  readonly uuid: string;
  readonly #session: Session;
  readonly #ref: Struct<'network'>;

  /** Use {@link Connection.network} and its kin. */
  constructor(session: Session, ref: Struct<'network'>) {
    this.#session = session;
    this.#ref = ref;
    this.name = ref.name;
    this.uuid = ref.uuid;
  }

  /** Starts it (virNetworkCreate). Invalid state when it runs already. */
  async start(options?: CallOptions): Promise<void> {
    await this.#session.call('NETWORK_CREATE', { network: this.#ref }, options);
  }

  /** Stops it (virNetworkDestroy). */
  async destroy(options?: CallOptions): Promise<void> {
    await this.#session.call('NETWORK_DESTROY', { network: this.#ref }, options);
  }

  /** Removes its stored definition (virNetworkUndefine). */
  async undefine(options?: CallOptions): Promise<void> {
    await this.#session.call('NETWORK_UNDEFINE', { network: this.#ref }, options);
  }

  /** Its XML; `inactive` for the stored definition (virNetworkGetXMLDesc). */
  async xml(options: CallOptions & { readonly inactive?: boolean } = {}): Promise<string> {
    const args = { network: this.#ref, flags: options.inactive ? 1 : 0 };
    return (await this.#session.call('NETWORK_GET_XML_DESC', args, options)).xml;
  }

  /** Whether it runs (virNetworkIsActive). */
  async isActive(options?: CallOptions): Promise<boolean> {
    const args = { network: this.#ref };
    return (await this.#session.call('NETWORK_IS_ACTIVE', args, options)).active !== 0;
  }

  /** Whether it has a stored definition (virNetworkIsPersistent). */
  async isPersistent(options?: CallOptions): Promise<boolean> {
    const args = { network: this.#ref };
    return (await this.#session.call('NETWORK_IS_PERSISTENT', args, options)).persistent !== 0;
  }

  /** Whether it starts with the daemon (virNetworkGetAutostart). */
  async autostart(options?: CallOptions): Promise<boolean> {
    const args = { network: this.#ref };
    return (await this.#session.call('NETWORK_GET_AUTOSTART', args, options)).autostart !== 0;
  }

  /** Makes it start with the daemon or not (virNetworkSetAutostart). */
  async setAutostart(autostart: boolean, options?: CallOptions): Promise<void> {
    const args = { network: this.#ref, autostart: autostart ? 1 : 0 };
    await this.#session.call('NETWORK_SET_AUTOSTART', args, options);
  }

  /** The host's bridge device (virNetworkGetBridgeName). */
  async bridgeName(options?: CallOptions): Promise<string> {
    const args = { network: this.#ref };
    return (await this.#session.call('NETWORK_GET_BRIDGE_NAME', args, options)).name;
  }

  /**
   * Changes a part of it, live where libvirt can (virNetworkUpdate). Old daemons take two of the
   * arguments swapped, so this asks first which kind this one is.
   */
  async update(change: NetworkUpdate, options: AffectOptions = {}): Promise<void> {
    const feature = FEATURE_UPDATE_ORDER;
    const answer = await this.#session.call('CONNECT_SUPPORTS_FEATURE', { feature }, options);
    const command = commands[change.command];
    const section = sections[change.section];
    const [first, second] = answer.supported === 0 ? [section, command] : [command, section];
    const args = {
      network: this.#ref,
      command: first,
      section: second,
      parentIndex: change.parentIndex ?? -1,
      xml: change.xml,
      flags: affectFlags(options),
    };
    await this.#session.call('NETWORK_UPDATE', args, options);
  }

  /** Its DHCP leases, or those of one MAC address (virNetworkGetDHCPLeases). */
  async leases(options: CallOptions & { readonly mac?: string } = {}): Promise<DhcpLease[]> {
    const args = { network: this.#ref, mac: options.mac, needResults: 1 };
    const { leases } = await this.#session.call('NETWORK_GET_DHCP_LEASES', args, options);
    return leases.map((lease) => ({
      interface: lease.iface,
      expiresAt: lease.expiryTime === 0n ? null : new Date(Number(lease.expiryTime) * 1000),
      family: lease.type === 0 ? 'ipv4' : 'ipv6',
      mac: lease.mac,
      iaid: lease.iaid,
      address: lease.ipaddr,
      prefix: lease.prefix,
      hostname: lease.hostname,
      clientId: lease.clientid,
    }));
  }

  /** Where guests are plugged in (virNetworkListAllPorts). */
  async ports(options?: CallOptions): Promise<NetworkPort[]> {
    const args = { network: this.#ref, needResults: 1 };
    const { ports } = await this.#session.call('NETWORK_LIST_ALL_PORTS', args, options);
    return ports.map((ref) => new NetworkPort(this.#session, ref));
  }

  /** A port by uuid (virNetworkPortLookupByUUID). Not found when there is none. */
  async port(uuid: string, options?: CallOptions): Promise<NetworkPort> {
    const args = { network: this.#ref, uuid };
    const { port } = await this.#session.call('NETWORK_PORT_LOOKUP_BY_UUID', args, options);
    return new NetworkPort(this.#session, port);
  }

  /** Makes a port by hand, for a guest that libvirt does not run (virNetworkPortCreateXML). */
  async createPort(xml: string, options?: CallOptions): Promise<NetworkPort> {
    const args = { network: this.#ref, xml };
    const { port } = await this.#session.call('NETWORK_PORT_CREATE_XML', args, options);
    return new NetworkPort(this.#session, port);
  }

  /** Reads its title, description or an own element (virNetworkGetMetadata, libvirt 9.7). */
  async metadata(what: MetadataKey, options: AffectOptions = {}): Promise<string> {
    const args = { network: this.#ref, ...metadataArgs(what), flags: affectFlags(options) };
    return (await this.#session.call('NETWORK_GET_METADATA', args, options)).metadata;
  }

  /** Sets them, or with null removes them (virNetworkSetMetadata, libvirt 9.7). */
  async setMetadata(
    what: MetadataKey,
    metadata: string | null,
    options: MetadataOptions = {},
  ): Promise<void> {
    const args = { network: this.#ref, ...metadataArgs(what), metadata, key: options.key ?? null };
    const flags = affectFlags(options);
    await this.#session.call('NETWORK_SET_METADATA', { ...args, flags }, options);
  }

  /** Its reference on the wire, for {@link Connection.call}. */
  get ref(): Struct<'network'> {
    return this.#ref;
  }
}
