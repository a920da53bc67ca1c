import { DomainConsole } from './domain-console.ts';
import { toFlags } from './flags.ts';
import type { CallOptions } from './pending-call.ts';
import { type ParamRecord, paramsToRecord } from './typed-params.ts';

export interface SaveOptions extends CallOptions {
  /** Write past the host's page cache. */
  readonly bypassCache?: boolean;
  /** How it is restored: running or paused. Default: as it was when saved. */
  readonly restoreAs?: 'running' | 'paused';
}

export interface SaveXmlOptions extends SaveOptions {
  /** What to store instead of its present XML; only host-side paths may differ. */
  readonly xml?: string;
}

export interface CoreDumpOptions extends CallOptions {
  /** Default `raw`. The rest need `memoryOnly`. */
  readonly format?: keyof typeof dumpFormats;
  /** Leave it crashed. */
  readonly crash?: boolean;
  /** Do not stop it meanwhile. */
  readonly live?: boolean;
  readonly bypassCache?: boolean;
  /** Reset it afterwards. */
  readonly reset?: boolean;
  /** Memory and registers only, as ELF or in `format`. */
  readonly memoryOnly?: boolean;
}

/** A long operation on a domain: save, migration, backup and so on. */
export interface JobStats {
  readonly type: (typeof jobTypes)[number] | 'unknown';
  /** What it is, or `unknown` when none runs. */
  readonly operation: (typeof jobOperations)[number];
  /** Figures by libvirt's names, e.g. `time_elapsed` in ms, `data_total` in bytes. */
  readonly params: ParamRecord;
}

export interface JobStatsOptions extends CallOptions {
  /** The last job that has ended, once. */
  readonly completed?: boolean;
  /** With `completed`: do not forget it. */
  readonly keepCompleted?: boolean;
}

const saveBits = { bypassCache: 1 };
const restoreBits = { running: 2, paused: 4 };
const dumpBits = { crash: 1, live: 2, bypassCache: 4, reset: 8, memoryOnly: 16 };
const dumpFormats = { raw: 0, 'kdump-zlib': 1, 'kdump-lzo': 2, 'kdump-snappy': 3, 'win-dmp': 4 };
const jobTypes = ['none', 'bounded', 'unbounded', 'completed', 'failed', 'cancelled'] as const;
const jobOperations = [
  'unknown',
  'start',
  'save',
  'restore',
  'migration-in',
  'migration-out',
  'snapshot',
  'snapshot-revert',
  'dump',
  'backup',
  'snapshot-delete',
] as const;
const jobStatsBits = { completed: 1, keepCompleted: 2 };

/**
 * A domain's memory in files, and the jobs that all long operations are. Those take as long as the
 * memory is large: use a connection of their own ({@link Connection.dup}).
 */
export abstract class DomainJobs extends DomainConsole {
  /** Writes memory and state to a file on the host and stops (virDomainSaveFlags). */
  async save(path: string, options: SaveXmlOptions = {}): Promise<void> {
    const args = { to: path, xml: options.xml, flags: saveFlags(options) };
    await this.call('DOMAIN_SAVE_FLAGS', args, options);
  }

  /** As {@link save}, to libvirt's own place; the next start continues (virDomainManagedSave). */
  async managedSave(options: SaveOptions = {}): Promise<void> {
    await this.call('DOMAIN_MANAGED_SAVE', { flags: saveFlags(options) }, options);
  }

  /** Whether a managed save image waits (virDomainHasManagedSaveImage). */
  async hasManagedSave(options?: CallOptions): Promise<boolean> {
    return (await this.call('DOMAIN_HAS_MANAGED_SAVE_IMAGE', {}, options)).result !== 0;
  }

  /** Deletes the managed save image (virDomainManagedSaveRemove). */
  async removeManagedSave(options?: CallOptions): Promise<void> {
    await this.call('DOMAIN_MANAGED_SAVE_REMOVE', {}, options);
  }

  /** The XML in the managed save image (virDomainManagedSaveGetXMLDesc). */
  async managedSaveXml(options: CallOptions & { readonly secure?: boolean } = {}): Promise<string> {
    const args = { flags: options.secure ? 1 : 0 };
    return (await this.call('DOMAIN_MANAGED_SAVE_GET_XML_DESC', args, options)).xml;
  }

  /** Changes it (virDomainManagedSaveDefineXML). */
  async setManagedSaveXml(
    xml: string,
    options: Pick<SaveOptions, 'restoreAs' | keyof CallOptions> = {},
  ): Promise<void> {
    const args = { xml, flags: saveFlags(options) };
    await this.call('DOMAIN_MANAGED_SAVE_DEFINE_XML', args, options);
  }

  /** Writes its memory to a file on the host, to look into (virDomainCoreDumpWithFormat). */
  async coreDump(path: string, options: CoreDumpOptions = {}): Promise<void> {
    const format = dumpFormats[options.format ?? 'raw'];
    const args = { to: path, format, flags: toFlags(dumpBits, options) };
    await this.call('DOMAIN_CORE_DUMP_WITH_FORMAT', args, options);
  }

  /** Reads guest memory by physical address; at most 4 MiB (virDomainMemoryPeek). */
  async memoryPeek(
    address: number | bigint,
    size: number,
    options?: CallOptions,
  ): Promise<Uint8Array> {
    const PHYSICAL = 2;
    const args = { offset: BigInt(address), size, flags: PHYSICAL };
    return (await this.call('DOMAIN_MEMORY_PEEK', args, options)).buffer;
  }

  /** The job that runs, or the last that ended (virDomainGetJobStats). */
  async jobStats(options: JobStatsOptions = {}): Promise<JobStats> {
    const args = { flags: toFlags(jobStatsBits, options) };
    const { type, params } = await this.call('DOMAIN_GET_JOB_STATS', args, options);
    const record = paramsToRecord(params);
    return {
      type: jobTypes[type] ?? 'unknown',
      operation: jobOperations[Number(record.operation ?? 0)] ?? 'unknown',
      params: record,
    };
  }

  /**
   * Stops the job that runs (virDomainAbortJob). Invalid state when there is none. With `postcopy`,
   * also a migration that has switched over: it can then be resumed (virDomainAbortJobFlags).
   */
  async abortJob(options: CallOptions & { readonly postcopy?: boolean } = {}): Promise<void> {
    if (options.postcopy) await this.call('DOMAIN_ABORT_JOB_FLAGS', { flags: 1 }, options);
    else await this.call('DOMAIN_ABORT_JOB', {}, options);
  }

  /**
   * Starts a backup of its disks, to files or over NBD, optionally with a checkpoint to build the
   * next on (virDomainBackupBegin). It ends by itself, or with {@link abortJob} for NBD.
   */
  async beginBackup(
    backupXml: string,
    options: CallOptions & {
      readonly checkpointXml?: string;
      /** The target files exist. */
      readonly reuseExternal?: boolean;
    } = {},
  ): Promise<void> {
    const { checkpointXml, reuseExternal } = options;
    const args = { backupXml, checkpointXml, flags: reuseExternal ? 1 : 0 };
    await this.call('DOMAIN_BACKUP_BEGIN', args, options);
  }

  /** The XML of the backup that runs (virDomainBackupGetXMLDesc). */
  async backupXml(options?: CallOptions): Promise<string> {
    return (await this.call('DOMAIN_BACKUP_GET_XML_DESC', {}, options)).xml;
  }
}

/** `virDomainSaveRestoreFlags`. */
export function saveFlags(options: SaveOptions): number {
  const { restoreAs } = options;
  return toFlags(saveBits, options) + (restoreAs === undefined ? 0 : restoreBits[restoreAs]);
}
