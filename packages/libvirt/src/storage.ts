import { toNumber } from './flags.ts';
import type { CallOptions } from './pending-call.ts';
import type { Struct } from './schema.ts';
import type { Session } from './session.ts';
import type { LibvirtStream } from './stream.ts';

const poolStates = ['inactive', 'building', 'running', 'degraded', 'inaccessible'] as const;
const volumeTypes = ['file', 'block', 'dir', 'network', 'netdir', 'ploop'] as const;

/** A storage pool's state and sizes. */
export interface PoolInfo {
  readonly state: (typeof poolStates)[number] | 'unknown';
  readonly capacityBytes: number;
  readonly allocationBytes: number;
  readonly availableBytes: number;
}

/** A volume's kind and sizes. */
export interface VolumeInfo {
  readonly type: (typeof volumeTypes)[number] | 'unknown';
  readonly capacityBytes: number;
  readonly allocationBytes: number;
}

/** Which part of a volume to transfer; default all. */
export interface TransferOptions extends CallOptions {
  readonly offset?: number | bigint;
  /** 0 or absent: to the end. */
  readonly length?: number | bigint;
  /** Keep holes: the stream is one of Buffers and `{ holeBytes }`, see `readSparse()`. */
  readonly sparse?: boolean;
}

/** A storage pool. */
export class StoragePool {
  readonly name: string;
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
  async start(options?: CallOptions): Promise<void> {
    await this.#session.call('STORAGE_POOL_CREATE', { pool: this.#ref }, options);
  }

  /** Makes its directory or volume group (virStoragePoolBuild). */
  async build(options?: CallOptions): Promise<void> {
    await this.#session.call('STORAGE_POOL_BUILD', { pool: this.#ref }, options);
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

  /** Makes a volume, or with `from` a copy in the given format (virStorageVolCreateXML[From]). */
  async createVolume(
    xml: string,
    options: CallOptions & { readonly from?: StorageVolume } = {},
  ): Promise<StorageVolume> {
    const args = { pool: this.#ref, xml };
    const { volume } =
      options.from === undefined
        ? await this.#session.call('STORAGE_VOL_CREATE_XML', args, options)
        : await this.#session.call(
            'STORAGE_VOL_CREATE_XML_FROM',
            { ...args, source: options.from.ref },
            options,
          );
    return new StorageVolume(this.#session, volume);
  }
}

/** A volume in a storage pool. */
export class StorageVolume {
  readonly name: string;
  /** The pool's name. */
  readonly pool: string;
  /** Unique on this host; for files, the path. */
  readonly key: string;
  readonly #session: Session;
  readonly #ref: Struct<'volume'>;

  /** Use {@link StoragePool.volume} and its kin. */
  constructor(session: Session, ref: Struct<'volume'>) {
    this.#session = session;
    this.#ref = ref;
    this.name = ref.name;
    this.pool = ref.pool;
    this.key = ref.key;
  }

  /** Kind and sizes (virStorageVolGetInfo). */
  async info(options?: CallOptions): Promise<VolumeInfo> {
    const args = { volume: this.#ref };
    const info = await this.#session.call('STORAGE_VOL_GET_INFO', args, options);
    return {
      type: volumeTypes[info.type] ?? 'unknown',
      capacityBytes: toNumber(info.capacity),
      allocationBytes: toNumber(info.allocation),
    };
  }

  /** Its XML (virStorageVolGetXMLDesc). */
  async xml(options?: CallOptions): Promise<string> {
    return (await this.#session.call('STORAGE_VOL_GET_XML_DESC', { volume: this.#ref }, options))
      .xml;
  }

  /** Its path on the host (virStorageVolGetPath). */
  async path(options?: CallOptions): Promise<string> {
    return (await this.#session.call('STORAGE_VOL_GET_PATH', { volume: this.#ref }, options)).path;
  }

  /** Deletes it (virStorageVolDelete). */
  async delete(options?: CallOptions): Promise<void> {
    await this.#session.call('STORAGE_VOL_DELETE', { volume: this.#ref }, options);
  }

  /** Grows it (virStorageVolResize). */
  async resize(capacityBytes: number | bigint, options?: CallOptions): Promise<void> {
    const args = { volume: this.#ref, capacity: BigInt(capacityBytes) };
    await this.#session.call('STORAGE_VOL_RESIZE', args, options);
  }

  /**
   * Opens a writable stream into it (virStorageVolUpload), on a connection of its own. It is
   * finished when the daemon has taken all; use it with `pipeline()`.
   */
  async openUpload(options: TransferOptions = {}): Promise<LibvirtStream> {
    const args = { volume: this.#ref, ...range(options) };
    return (await this.#session.openStream('STORAGE_VOL_UPLOAD', args, 'write', options)).stream;
  }

  /** Opens a readable stream from it (virStorageVolDownload), on a connection of its own. */
  async openDownload(options: TransferOptions = {}): Promise<LibvirtStream> {
    const args = { volume: this.#ref, ...range(options) };
    return (await this.#session.openStream('STORAGE_VOL_DOWNLOAD', args, 'read', options)).stream;
  }

  /** Its reference on the wire, for {@link Connection.call}. */
  get ref(): Struct<'volume'> {
    return this.#ref;
  }
}

/** VIR_STORAGE_VOL_UPLOAD_SPARSE_STREAM, and the same for downloads. */
const SPARSE = 1;

function range({ offset = 0, length = 0, sparse = false }: TransferOptions): {
  offset: bigint;
  length: bigint;
  flags: number;
} {
  return { offset: BigInt(offset), length: BigInt(length), flags: sparse ? SPARSE : 0 };
}
