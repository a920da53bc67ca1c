import { Domain, type StartOptions } from './domain.ts';
import { saveFlags, type SaveOptions, type SaveXmlOptions } from './domain-jobs.ts';
import { allStats, type DomainStats, type StatsOptions, toDomainStats } from './domain-stats.ts';
import { listToFlags, toFlags } from './flags.ts';
import { Host } from './host.ts';
import { Network } from './network.ts';
import type { CallOptions } from './pending-call.ts';
import { StoragePool } from './storage.ts';
import { StorageVolume } from './storage-volume.ts';

/** Which domains to list; nothing set means all. */
export interface ListDomainsOptions extends CallOptions {
  readonly active?: boolean;
  readonly inactive?: boolean;
  readonly persistent?: boolean;
  readonly transient?: boolean;
  readonly running?: boolean;
  readonly paused?: boolean;
  readonly shutoff?: boolean;
  /** Those with a managed save image. */
  readonly managedSave?: boolean;
  readonly autostart?: boolean;
  readonly hasSnapshot?: boolean;
  readonly hasCheckpoint?: boolean;
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

const listDomainBits = {
  active: 1,
  inactive: 2,
  persistent: 4,
  transient: 8,
  running: 16,
  paused: 32,
  shutoff: 64,
  managedSave: 256,
  autostart: 1024,
  hasSnapshot: 4096,
  hasCheckpoint: 16_384,
};
const statsBits = { active: 1, inactive: 2, noWait: 2 ** 29, backing: 2 ** 30 };
const listNetworkBits = { inactive: 1, active: 2 };
const createBits = { paused: 1, autodestroy: 2 };

/** The domains, networks and storage of a host. */
export abstract class HostObjects extends Host {
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

  /** A running domain by its number (virDomainLookupByID). Not found when there is none. */
  async domainById(id: number, options?: CallOptions): Promise<Domain> {
    const { domain } = await this.call('DOMAIN_LOOKUP_BY_ID', { id }, options);
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

  /** Continues a domain from a file that {@link Domain.save} wrote (virDomainRestoreFlags). */
  async restoreDomain(path: string, options: SaveXmlOptions = {}): Promise<void> {
    const args = { from: path, xml: options.xml, flags: saveFlags(options) };
    await this.call('DOMAIN_RESTORE_FLAGS', args, options);
  }

  /** The domain's XML in such a file (virDomainSaveImageGetXMLDesc). */
  async savedDomainXml(
    path: string,
    options: CallOptions & { readonly secure?: boolean } = {},
  ): Promise<string> {
    const args = { file: path, flags: options.secure ? 1 : 0 };
    return (await this.call('DOMAIN_SAVE_IMAGE_GET_XML_DESC', args, options)).xml;
  }

  /** Changes it (virDomainSaveImageDefineXML). */
  async setSavedDomainXml(
    path: string,
    xml: string,
    options: Pick<SaveOptions, 'restoreAs' | keyof CallOptions> = {},
  ): Promise<void> {
    const args = { file: path, xml, flags: saveFlags(options) };
    await this.call('DOMAIN_SAVE_IMAGE_DEFINE_XML', args, options);
  }

  /** Figures of many domains in one call (virConnectGetAllDomainStats). */
  async domainStats(options: StatsOptions = {}): Promise<DomainStats[]> {
    const args = {
      domains: (options.domains ?? []).map((domain) => domain.ref),
      stats: listToFlags(allStats, options.stats ?? []),
      flags: toFlags(statsBits, options),
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

  /** A storage pool by uuid (virStoragePoolLookupByUUID). Not found when there is none. */
  async poolByUuid(uuid: string, options?: CallOptions): Promise<StoragePool> {
    const { pool } = await this.call('STORAGE_POOL_LOOKUP_BY_UUID', { uuid }, options);
    return new StoragePool(this, pool);
  }

  /** The storage pool whose target is a folder or device (virStoragePoolLookupByTargetPath). */
  async poolByTargetPath(path: string, options?: CallOptions): Promise<StoragePool> {
    const { pool } = await this.call('STORAGE_POOL_LOOKUP_BY_TARGET_PATH', { path }, options);
    return new StoragePool(this, pool);
  }

  /** The storage pool that a volume is in (virStoragePoolLookupByVolume). */
  async poolOfVolume(volume: StorageVolume, options?: CallOptions): Promise<StoragePool> {
    const args = { volume: volume.ref };
    const { pool } = await this.call('STORAGE_POOL_LOOKUP_BY_VOLUME', args, options);
    return new StoragePool(this, pool);
  }

  /** Looks for what could be a pool, e.g. of type `logical`; XML (virConnectFindStoragePoolSources). */
  async findPoolSources(
    type: string,
    options: CallOptions & { readonly sourceXml?: string } = {},
  ): Promise<string> {
    const args = { type, sourceSpec: options.sourceXml };
    return (await this.call('CONNECT_FIND_STORAGE_POOL_SOURCES', args, options)).xml;
  }

  /** A volume by its path on the host (virStorageVolLookupByPath). Not found when there is none. */
  async volumeByPath(path: string, options?: CallOptions): Promise<StorageVolume> {
    const { volume } = await this.call('STORAGE_VOL_LOOKUP_BY_PATH', { path }, options);
    return new StorageVolume(this, volume);
  }

  /** A volume by its key (virStorageVolLookupByKey). Not found when there is none. */
  async volumeByKey(key: string, options?: CallOptions): Promise<StorageVolume> {
    const { volume } = await this.call('STORAGE_VOL_LOOKUP_BY_KEY', { key }, options);
    return new StorageVolume(this, volume);
  }
}
