import { toFlags, toNumber } from './flags.ts';
import type { CallOptions } from './pending-call.ts';
import type { Struct } from './schema.ts';
import type { Session } from './session.ts';
import type { LibvirtStream } from './stream.ts';

const volumeTypes = ['file', 'block', 'dir', 'network', 'netdir', 'ploop'] as const;
const deleteBits = { zeroed: 1, withSnapshots: 2 };
const resizeBits = { allocate: 1, delta: 2, shrink: 4 };
const wipeAlgorithms = {
  zero: 0,
  nnsa: 1,
  dod: 2,
  bsi: 3,
  gutmann: 4,
  schneier: 5,
  pfitzner7: 6,
  pfitzner33: 7,
  random: 8,
  trim: 9,
};

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

export interface DeleteVolumeOptions extends CallOptions {
  readonly zeroed?: boolean;
  readonly withSnapshots?: boolean;
}

export interface ResizeVolumeOptions extends CallOptions {
  /** Take the room for it now. */
  readonly allocate?: boolean;
  /** The size is what to add, or with `shrink` to take away. */
  readonly delta?: boolean;
  /** Allow what loses data. */
  readonly shrink?: boolean;
}

/** A volume in a storage pool. */
export class StorageVolume {
  /** Its name (virStorageVolGetName). */
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

  /**
   * Kind and sizes (virStorageVolGetInfo); with `physical`, `allocationBytes` is the image's size
   * (virStorageVolGetInfoFlags).
   */
  async info(options: CallOptions & { readonly physical?: boolean } = {}): Promise<VolumeInfo> {
    const args = { volume: this.#ref };
    const info = options.physical
      ? await this.#session.call('STORAGE_VOL_GET_INFO_FLAGS', { ...args, flags: 1 }, options)
      : await this.#session.call('STORAGE_VOL_GET_INFO', args, options);
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
  async delete(options: DeleteVolumeOptions = {}): Promise<void> {
    const args = { volume: this.#ref, flags: toFlags(deleteBits, options) };
    await this.#session.call('STORAGE_VOL_DELETE', args, options);
  }

  /** Grows it, or with `shrink` shrinks it (virStorageVolResize). */
  async resize(capacityBytes: number | bigint, options: ResizeVolumeOptions = {}): Promise<void> {
    const flags = toFlags(resizeBits, options);
    const args = { volume: this.#ref, capacity: BigInt(capacityBytes), flags };
    await this.#session.call('STORAGE_VOL_RESIZE', args, options);
  }

  /** Overwrites what is in it (virStorageVolWipePattern). All but `zero` need `scrub` on the host. */
  async wipe(
    options: CallOptions & { readonly algorithm?: keyof typeof wipeAlgorithms } = {},
  ): Promise<void> {
    const args = { volume: this.#ref, algorithm: wipeAlgorithms[options.algorithm ?? 'zero'] };
    await this.#session.call('STORAGE_VOL_WIPE_PATTERN', args, options);
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
