import { toFlags, toNumber } from './flags.ts';
import type { CallOptions } from './pending-call.ts';
import type { Struct } from './schema.ts';
import type { Session } from './session.ts';
import { StorageVolume } from './storage-volume.ts';

const poolStates = ['inactive', 'building', 'running', 'degraded', 'inaccessible'] as const;
const buildBits = { repair: 1, resize: 2, noOverwrite: 4, overwrite: 8 };
const startBits = { build: 1, buildOverwrite: 2, buildNoOverwrite: 4 };
const createVolumeBits = { preallocateMetadata: 1, reflink: 2, validate: 4 };

/** A storage pool's state and sizes. */
export interface PoolInfo {
  readonly state: (typeof poolStates)[number] | 'unknown';
  readonly capacityBytes: number;
  readonly allocationBytes: number;
  readonly availableBytes: number;
}

export interface BuildPoolOptions extends CallOptions {
  readonly repair?: boolean;
  readonly resize?: boolean;
  /** Fail when there is something already. */
  readonly noOverwrite?: boolean;
  readonly overwrite?: boolean;
}

export interface StartPoolOptions extends CallOptions {
  /** {@link StoragePool.build} it first. */
  readonly build?: boolean;
  readonly buildOverwrite?: boolean;
  readonly buildNoOverwrite?: boolean;
}

export interface CreateVolumeOptions extends CallOptions {
  /** Copy this volume, in the format that the XML says. */
  readonly from?: StorageVolume;
  readonly preallocateMetadata?: boolean;
  /** With `from`: share blocks, where the file system can. */
  readonly reflink?: boolean;
  readonly validate?: boolean;
}

/** A storage pool. */
export class StoragePool {
  /** Its name when this object was made (virStoragePoolGetName). */
  readonly name: string;
  /** What it is known by, also under another name (virStoragePoolGetUUIDString). */
  readonly uuid: string;
  readonly #session: Session;
  readonly #ref: Struct<'pool'>;

  /** Use {@link Connection.pool} and its kin. */
  constructor(session: Session, ref: Struct<'pool'>) {
    this.#session = session;
    this.#ref = ref;
    this.name = ref.name;
    this.uuid = ref.uuid;
  }

  /** Starts it (virStoragePoolCreate). */
  async start(options: StartPoolOptions = {}): Promise<void> {
    const args = { pool: this.#ref, flags: toFlags(startBits, options) };
    await this.#session.call('STORAGE_POOL_CREATE', args, options);
  }

  /** Makes its directory or volume group (virStoragePoolBuild). */
  async build(options: BuildPoolOptions = {}): Promise<void> {
    const args = { pool: this.#ref, flags: toFlags(buildBits, options) };
    await this.#session.call('STORAGE_POOL_BUILD', args, options);
  }

  /** Stops it; the volumes stay (virStoragePoolDestroy). */
  async destroy(options?: CallOptions): Promise<void> {
    await this.#session.call('STORAGE_POOL_DESTROY', { pool: this.#ref }, options);
  }

  /** Deletes what {@link build} made (virStoragePoolDelete). */
  async delete(options?: CallOptions): Promise<void> {
    await this.#session.call('STORAGE_POOL_DELETE', { pool: this.#ref }, options);
  }

  /** Removes its stored definition (virStoragePoolUndefine). */
  async undefine(options?: CallOptions): Promise<void> {
    await this.#session.call('STORAGE_POOL_UNDEFINE', { pool: this.#ref }, options);
  }

  /** Looks again which volumes there are (virStoragePoolRefresh). */
  async refresh(options?: CallOptions): Promise<void> {
    await this.#session.call('STORAGE_POOL_REFRESH', { pool: this.#ref }, options);
  }

  /** State and sizes (virStoragePoolGetInfo). */
  async info(options?: CallOptions): Promise<PoolInfo> {
    const info = await this.#session.call('STORAGE_POOL_GET_INFO', { pool: this.#ref }, options);
    return {
      state: poolStates[info.state] ?? 'unknown',
      capacityBytes: toNumber(info.capacity),
      allocationBytes: toNumber(info.allocation),
      availableBytes: toNumber(info.available),
    };
  }

  /** Its XML; `inactive` for the stored definition (virStoragePoolGetXMLDesc). */
  async xml(options: CallOptions & { readonly inactive?: boolean } = {}): Promise<string> {
    const args = { pool: this.#ref, flags: options.inactive ? 1 : 0 };
    return (await this.#session.call('STORAGE_POOL_GET_XML_DESC', args, options)).xml;
  }

  /** Whether it runs (virStoragePoolIsActive). */
  async isActive(options?: CallOptions): Promise<boolean> {
    const args = { pool: this.#ref };
    return (await this.#session.call('STORAGE_POOL_IS_ACTIVE', args, options)).active !== 0;
  }

  /** Whether it has a stored definition (virStoragePoolIsPersistent). */
  async isPersistent(options?: CallOptions): Promise<boolean> {
    const args = { pool: this.#ref };
    return (await this.#session.call('STORAGE_POOL_IS_PERSISTENT', args, options)).persistent !== 0;
  }

  /** Whether it starts with the daemon (virStoragePoolGetAutostart). */
  async autostart(options?: CallOptions): Promise<boolean> {
    const args = { pool: this.#ref };
    return (await this.#session.call('STORAGE_POOL_GET_AUTOSTART', args, options)).autostart !== 0;
  }

  /** Makes it start with the daemon or not (virStoragePoolSetAutostart). */
  async setAutostart(autostart: boolean, options?: CallOptions): Promise<void> {
    const args = { pool: this.#ref, autostart: autostart ? 1 : 0 };
    await this.#session.call('STORAGE_POOL_SET_AUTOSTART', args, options);
  }

  /** Its volumes (virStoragePoolListAllVolumes). One may be gone by the time it is used. */
  async volumes(options?: CallOptions): Promise<StorageVolume[]> {
    const args = { pool: this.#ref, needResults: 1 };
    const answer = await this.#session.call('STORAGE_POOL_LIST_ALL_VOLUMES', args, options);
    return answer.volumes.map((volume) => new StorageVolume(this.#session, volume));
  }

  /** A volume by name (virStorageVolLookupByName). Not found when there is none. */
  async volume(name: string, options?: CallOptions): Promise<StorageVolume> {
    const args = { pool: this.#ref, name };
    const { volume } = await this.#session.call('STORAGE_VOL_LOOKUP_BY_NAME', args, options);
    return new StorageVolume(this.#session, volume);
  }

  /** Makes a volume, or with `from` a copy of one (virStorageVolCreateXML[From]). */
  async createVolume(xml: string, options: CreateVolumeOptions = {}): Promise<StorageVolume> {
    const args = { pool: this.#ref, xml, flags: toFlags(createVolumeBits, options) };
    const source = options.from?.ref;
    const { volume } =
      source === undefined
        ? await this.#session.call('STORAGE_VOL_CREATE_XML', args, options)
        : await this.#session.call('STORAGE_VOL_CREATE_XML_FROM', { ...args, source }, options);
    return new StorageVolume(this.#session, volume);
  }

  /** Its reference on the wire, for {@link Connection.call}. */
  get ref(): Struct<'pool'> {
    return this.#ref;
  }
}
