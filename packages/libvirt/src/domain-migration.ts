import { DomainJobs } from './domain-jobs.ts';
import { toNumber } from './flags.ts';
import {
  type MigrateOptions,
  MIGRATE,
  migrationFlags,
  migrationParams,
} from './migration-options.ts';
import type { CallOptions } from './pending-call.ts';

/** A domain's way to another host. */
export abstract class DomainMigration extends DomainJobs {
  /**
   * Moves it to another daemon, which this one connects to by `uri` (virDomainMigrateToURI3,
   * peer-to-peer). It takes as long as the memory is large: use a connection of its own.
   */
  async migrateTo(uri: string, options: MigrateOptions = {}): Promise<void> {
    const args = {
      dconnUri: uri,
      params: migrationParams(options),
      cookieIn: new Uint8Array(),
      flags: migrationFlags(options) | MIGRATE.peerToPeer,
    };
    await this.call('DOMAIN_MIGRATE_PERFORM3_PARAMS', args, options);
  }

  /** Switches a migration with `postcopy` over now (virDomainMigrateStartPostCopy). */
  async startPostCopy(options?: CallOptions): Promise<void> {
    await this.call('DOMAIN_MIGRATE_START_POST_COPY', {}, options);
  }

  /** How long a live migration may stop it, in milliseconds (virDomainMigrateGetMaxDowntime). */
  async migrationMaxDowntimeMs(options?: CallOptions): Promise<number> {
    return toNumber((await this.call('DOMAIN_MIGRATE_GET_MAX_DOWNTIME', {}, options)).downtime);
  }

  /** Sets it (virDomainMigrateSetMaxDowntime). */
  async setMigrationMaxDowntime(downtimeMs: number, options?: CallOptions): Promise<void> {
    const args = { downtime: BigInt(downtimeMs) };
    await this.call('DOMAIN_MIGRATE_SET_MAX_DOWNTIME', args, options);
  }

  /** A migration's limit in MiB per second (virDomainMigrateGetMaxSpeed). */
  async migrationMaxSpeed(
    options: CallOptions & { readonly postcopy?: boolean } = {},
  ): Promise<bigint> {
    const args = { flags: options.postcopy ? 1 : 0 };
    return (await this.call('DOMAIN_MIGRATE_GET_MAX_SPEED', args, options)).bandwidth;
  }

  /** Sets it (virDomainMigrateSetMaxSpeed). */
  async setMigrationMaxSpeed(
    mibPerSec: number | bigint,
    options: CallOptions & { readonly postcopy?: boolean } = {},
  ): Promise<void> {
    const args = { bandwidth: BigInt(mibPerSec), flags: options.postcopy ? 1 : 0 };
    await this.call('DOMAIN_MIGRATE_SET_MAX_SPEED', args, options);
  }

  /** The size of the cache for compressed migration in bytes (virDomainMigrateGetCompressionCache). */
  async migrationCacheBytes(options?: CallOptions): Promise<number> {
    const { cacheSize } = await this.call('DOMAIN_MIGRATE_GET_COMPRESSION_CACHE', {}, options);
    return toNumber(cacheSize);
  }

  /** Sets it (virDomainMigrateSetCompressionCache). */
  async setMigrationCache(cacheBytes: number | bigint, options?: CallOptions): Promise<void> {
    const args = { cacheSize: BigInt(cacheBytes) };
    await this.call('DOMAIN_MIGRATE_SET_COMPRESSION_CACHE', args, options);
  }
}
