import { type AffectOptions, affectFlags } from './domain-base.ts';
import { DomainDevices } from './domain-devices.ts';
import { blockJobTypes, type NameIn } from './event-names.ts';
import { toFlags, toNumber } from './flags.ts';
import type { CallOptions } from './pending-call.ts';
import { type ParamRecord, recordToParams, type TypedParam } from './typed-params.ts';

/** A disk's sizes in bytes. */
export interface BlockInfo {
  /** What the guest sees. */
  readonly capacityBytes: number;
  /** The highest byte written, or what the file takes. */
  readonly allocationBytes: number;
  /** The image's own size. */
  readonly physicalBytes: number;
}

/** A block job's progress: done when `cur` is `end`, in a unit of its own. */
export interface BlockJobInfo {
  readonly type: NameIn<typeof blockJobTypes>;
  /** The limit in bytes per second; 0 for none. */
  readonly bytesPerSec: number;
  readonly cur: bigint;
  readonly end: bigint;
}

interface BandwidthOptions extends CallOptions {
  /** A limit in bytes per second. */
  readonly bytesPerSec?: number | bigint;
}

export interface BlockCommitOptions extends BandwidthOptions {
  /** The image to merge into. Default: the lowest. */
  readonly base?: string;
  /** The image to begin with. Default: the one in use, which needs `active`. */
  readonly top?: string;
  /** Merge one image only. */
  readonly shallow?: boolean;
  /** Delete the images that were merged. */
  readonly delete?: boolean;
  /** Allow the image in use; end with {@link DomainBlocks.abortBlockJob} and `pivot`. */
  readonly active?: boolean;
  /** Keep relative names of backing files. */
  readonly relative?: boolean;
}

export interface BlockCopyOptions extends CallOptions {
  readonly bytesPerSec?: number | bigint;
  /** Copy the top image only; the target has its backing file already. */
  readonly shallow?: boolean;
  /** The target exists. */
  readonly reuseExternal?: boolean;
  /** Do not remember the job over restarts; without it a persistent domain is refused. */
  readonly transientJob?: boolean;
  /** Write to both before a write is done. */
  readonly synchronousWrites?: boolean;
  /** A power of two, in bytes. */
  readonly granularityBytes?: number;
  readonly bufferBytes?: number | bigint;
}

export interface BlockPullOptions extends BandwidthOptions {
  /** Keep this backing image. Default: none is kept. */
  readonly base?: string;
  readonly relative?: boolean;
}

export interface BlockJobAbortOptions extends CallOptions {
  /** Use the copy, or the image merged into, from now on. */
  readonly pivot?: boolean;
  /** Return before it has ended; wait for the `block-job` event. */
  readonly async?: boolean;
}

const commitBits = { shallow: 1, delete: 2, active: 4, relative: 8 };
const copyBits = { shallow: 1, reuseExternal: 2, transientJob: 4, synchronousWrites: 8 };
const abortBits = { async: 1, pivot: 2 };
const COMMIT_BYTES = 16;
const REBASE_BYTES = 64;
const REBASE_RELATIVE = 16;
const IN_BYTES = 1;

/** A domain's disks, each given by its target, e.g. `vda`, or its image's path. */
export abstract class DomainBlocks extends DomainDevices {
  /** A disk's sizes (virDomainGetBlockInfo). */
  async blockInfo(disk: string, options?: CallOptions): Promise<BlockInfo> {
    const info = await this.call('DOMAIN_GET_BLOCK_INFO', { path: disk }, options);
    return {
      capacityBytes: toNumber(info.capacity),
      allocationBytes: toNumber(info.allocation),
      physicalBytes: toNumber(info.physical),
    };
  }

  /** A disk's counters by libvirt's names, e.g. `rd_bytes` (virDomainBlockStatsFlags). */
  async blockStats(disk: string, options?: CallOptions): Promise<ParamRecord> {
    return this.params('DOMAIN_BLOCK_STATS_FLAGS', { path: disk }, options);
  }

  /** Which disks have failed, and why (virDomainGetDiskErrors). */
  async diskErrors(
    options?: CallOptions,
  ): Promise<{ disk: string; error: 'no-space' | 'unspecified' }[]> {
    const { count } = await this.call('DOMAIN_GET_DISK_ERRORS', { maxErrors: 0 }, options);
    if (count === 0) return [];
    const args = { maxErrors: count };
    const { errors } = await this.call('DOMAIN_GET_DISK_ERRORS', args, options);
    return errors.map(({ disk, error }) => ({
      disk,
      error: error === 2 ? 'no-space' : 'unspecified',
    }));
  }

  /** Resizes a running domain's disk (virDomainBlockResize). */
  async resizeDisk(disk: string, sizeBytes: number | bigint, options?: CallOptions): Promise<void> {
    const args = { disk, size: BigInt(sizeBytes), flags: IN_BYTES };
    await this.call('DOMAIN_BLOCK_RESIZE', args, options);
  }

  /** Reads what the guest sees of a disk; at most 4 MiB (virDomainBlockPeek). */
  async blockPeek(
    disk: string,
    offset: number | bigint,
    size: number,
    options?: CallOptions,
  ): Promise<Uint8Array> {
    const args = { path: disk, offset: BigInt(offset), size };
    return (await this.call('DOMAIN_BLOCK_PEEK', args, options)).buffer;
  }

  /**
   * Merges a disk's upper images into a lower one (virDomainBlockCommit). Resolves when the job has
   * begun: wait for the `block-job` event, or ask {@link blockJob}.
   */
  async blockCommit(disk: string, options: BlockCommitOptions = {}): Promise<void> {
    const { base, top, bytesPerSec = 0 } = options;
    const flags = toFlags(commitBits, options) + COMMIT_BYTES;
    const args = { disk, base, top, bandwidth: BigInt(bytesPerSec), flags };
    await this.call('DOMAIN_BLOCK_COMMIT', args, options);
  }

  /**
   * Copies a disk to the place that the XML of a `<disk>` names, and keeps it up to date until
   * {@link abortBlockJob} (virDomainBlockCopy).
   */
  async blockCopy(disk: string, destXml: string, options: BlockCopyOptions = {}): Promise<void> {
    const { bytesPerSec, granularityBytes, bufferBytes } = options;
    const params: TypedParam[] = [];
    if (bytesPerSec !== undefined) {
      params.push({ field: 'bandwidth', type: 'ullong', value: BigInt(bytesPerSec) });
    }
    if (granularityBytes !== undefined) {
      params.push({ field: 'granularity', type: 'uint', value: granularityBytes });
    }
    if (bufferBytes !== undefined) {
      params.push({ field: 'buf-size', type: 'ullong', value: BigInt(bufferBytes) });
    }
    const args = { path: disk, destXml, params, flags: toFlags(copyBits, options) };
    await this.call('DOMAIN_BLOCK_COPY', args, options);
  }

  /**
   * Copies what is in backing images into the disk's own, so that it needs them no more, or only
   * `base` (virDomainBlockPull, virDomainBlockRebase).
   */
  async blockPull(disk: string, options: BlockPullOptions = {}): Promise<void> {
    const { base, relative, bytesPerSec = 0 } = options;
    const bandwidth = BigInt(bytesPerSec);
    if (base === undefined) {
      const args = { path: disk, bandwidth, flags: REBASE_BYTES };
      await this.call('DOMAIN_BLOCK_PULL', args, options);
    } else {
      const flags = REBASE_BYTES + (relative ? REBASE_RELATIVE : 0);
      await this.call('DOMAIN_BLOCK_REBASE', { path: disk, base, bandwidth, flags }, options);
    }
  }

  /** The job of a disk, or null when there is none (virDomainGetBlockJobInfo). */
  async blockJob(disk: string, options?: CallOptions): Promise<BlockJobInfo | null> {
    const args = { path: disk, flags: IN_BYTES };
    const job = await this.call('DOMAIN_GET_BLOCK_JOB_INFO', args, options);
    if (job.found === 0) return null;
    return {
      type: blockJobTypes[job.type] ?? 'unknown',
      bytesPerSec: toNumber(job.bandwidth),
      cur: job.cur,
      end: job.end,
    };
  }

  /** Ends a disk's job, or with `pivot` completes it (virDomainBlockJobAbort). */
  async abortBlockJob(disk: string, options: BlockJobAbortOptions = {}): Promise<void> {
    const args = { path: disk, flags: toFlags(abortBits, options) };
    await this.call('DOMAIN_BLOCK_JOB_ABORT', args, options);
  }

  /** Limits a disk's job; 0 for no limit (virDomainBlockJobSetSpeed). */
  async setBlockJobSpeed(
    disk: string,
    bytesPerSec: number | bigint,
    options?: CallOptions,
  ): Promise<void> {
    const args = { path: disk, bandwidth: BigInt(bytesPerSec), flags: IN_BYTES };
    await this.call('DOMAIN_BLOCK_JOB_SET_SPEED', args, options);
  }

  /** A disk's limits by libvirt's names, e.g. `total_bytes_sec` (virDomainGetBlockIoTune). */
  async blockIoTune(disk: string, options: AffectOptions = {}): Promise<ParamRecord> {
    return this.params('DOMAIN_GET_BLOCK_IO_TUNE', { disk, flags: affectFlags(options) }, options);
  }

  /** Sets a disk's limits, e.g. `{ total_iops_sec: 500 }` (virDomainSetBlockIoTune). */
  async setBlockIoTune(
    disk: string,
    values: ParamRecord,
    options: AffectOptions = {},
  ): Promise<void> {
    const types = (name: string) => (name === 'group_name' ? 'string' : 'ullong');
    const args = { disk, params: recordToParams(values, types), flags: affectFlags(options) };
    await this.call('DOMAIN_SET_BLOCK_IO_TUNE', args, options);
  }

  /** Asks for a `block-threshold` event when a byte beyond is written (virDomainSetBlockThreshold). */
  async setBlockThreshold(
    disk: string,
    thresholdBytes: number | bigint,
    options?: CallOptions,
  ): Promise<void> {
    const args = { device: disk, threshold: BigInt(thresholdBytes) };
    await this.call('DOMAIN_SET_BLOCK_THRESHOLD', args, options);
  }
}
