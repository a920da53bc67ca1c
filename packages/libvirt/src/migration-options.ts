import { toFlags } from './flags.ts';
import type { CallOptions } from './pending-call.ts';
import type { TypedParam } from './typed-params.ts';

/** How to migrate. Nothing set: stop the machine, move its memory, go on there. */
export interface MigrateOptions extends CallOptions {
  /** Go on running meanwhile. */
  readonly live?: boolean;
  /** Through libvirt's own connection, encrypted as that is. Peer-to-peer only. */
  readonly tunnelled?: boolean;
  /** Store its definition there. */
  readonly persist?: boolean;
  /** Remove its definition here. */
  readonly undefineSource?: boolean;
  /** Leave it paused there. */
  readonly paused?: boolean;
  /** Copy all of its disks. */
  readonly copyDisks?: boolean;
  /** Copy its topmost images only. */
  readonly copyDisksIncremental?: boolean;
  /** Allow disks whose sharing libvirt does not trust. */
  readonly unsafe?: boolean;
  /** Move the definition of a stopped machine. */
  readonly offline?: boolean;
  readonly compressed?: boolean;
  readonly abortOnError?: boolean;
  /** Slow the machine down until it is done. */
  readonly autoConverge?: boolean;
  /** Allow {@link Domain.startPostCopy}. */
  readonly postcopy?: boolean;
  readonly tls?: boolean;
  readonly parallel?: boolean;
  /** Write to both copies of a disk at once. */
  readonly synchronousDiskWrites?: boolean;
  readonly postcopyResume?: boolean;
  readonly zeroCopy?: boolean;

  /** Where the memory goes, e.g. `tcp://host:49152` or `unix:///path`. Default: libvirt picks. */
  readonly migrationUri?: string;
  /** Its name there. */
  readonly name?: string;
  /** Its XML there; only host-side parts may differ. */
  readonly xml?: string;
  /** The XML that is stored there. */
  readonly persistentXml?: string;
  readonly bandwidthMiBPerSec?: number | bigint;
  readonly postcopyBandwidthMiBPerSec?: number | bigint;
  readonly graphicsUri?: string;
  /** Where the other side listens, of its own addresses. */
  readonly listenAddress?: string;
  /** The targets of the disks to copy. Default: all that can be. */
  readonly disks?: readonly string[];
  readonly disksPort?: number;
  readonly disksUri?: string;
  readonly compressionMethods?: readonly ('mt' | 'xbzrle' | 'zlib' | 'zstd')[];
  /** How many connections, with `parallel`. */
  readonly parallelConnections?: number;
  /** The name in the other side's certificate, with `tls`. */
  readonly tlsDestination?: string;
}

/** `virDomainMigrateFlags`. */
const bits = {
  live: 1,
  tunnelled: 4,
  persist: 8,
  undefineSource: 16,
  paused: 32,
  copyDisks: 64,
  copyDisksIncremental: 128,
  unsafe: 512,
  offline: 1024,
  compressed: 2048,
  abortOnError: 4096,
  autoConverge: 8192,
  postcopy: 32_768,
  tls: 65_536,
  parallel: 131_072,
  synchronousDiskWrites: 262_144,
  postcopyResume: 524_288,
  zeroCopy: 1_048_576,
};

/** The flags that this package sets by itself, or takes away for the other side. */
export const MIGRATE: {
  readonly peerToPeer: number;
  readonly paused: number;
  readonly changeProtection: number;
  readonly sourceOnly: number;
} = {
  peerToPeer: 2,
  paused: bits.paused,
  changeProtection: 256,
  sourceOnly: bits.abortOnError + bits.autoConverge,
};

export function migrationFlags(options: MigrateOptions): number {
  return toFlags(bits, options);
}

/** `VIR_MIGRATE_PARAM_*`. */
export function migrationParams(options: MigrateOptions): TypedParam[] {
  const params: TypedParam[] = [];
  const text = (field: string, value: string | undefined): void => {
    if (value !== undefined) params.push({ field, type: 'string', value });
  };
  const size = (field: string, value: number | bigint | undefined): void => {
    if (value !== undefined) params.push({ field, type: 'ullong', value: BigInt(value) });
  };
  const number = (field: string, value: number | undefined): void => {
    if (value !== undefined) params.push({ field, type: 'int', value });
  };
  text('migrate_uri', options.migrationUri);
  text('destination_name', options.name);
  text('destination_xml', options.xml);
  text('persistent_xml', options.persistentXml);
  size('bandwidth', options.bandwidthMiBPerSec);
  size('bandwidth.postcopy', options.postcopyBandwidthMiBPerSec);
  text('graphics_uri', options.graphicsUri);
  text('listen_address', options.listenAddress);
  for (const disk of options.disks ?? []) text('migrate_disks', disk);
  number('disks_port', options.disksPort);
  text('disks_uri', options.disksUri);
  for (const method of options.compressionMethods ?? []) text('compression', method);
  number('parallel.connections', options.parallelConnections);
  text('tls.destination', options.tlsDestination);
  return params;
}
