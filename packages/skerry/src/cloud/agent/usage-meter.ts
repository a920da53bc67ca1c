// What machines and their host use, from the difference of two readings of libvirt's counters. Pure but for the reading itself.
import { type Connection, type DomainStats, isUnsupported } from '@skerry/libvirt';
import type { Usage } from '../bus/messages.ts';
import { hypervisorId, vmId } from '../entity.ts';

interface Reading {
  readonly atMs: number;
  readonly cpuNs: number;
  readonly memoryKiB: number;
  readonly diskRead: number;
  readonly diskWrite: number;
  readonly netRx: number;
  readonly netTx: number;
}

/** What libvirt counts of a host: times in ns, memory in KiB, by its names. */
export interface HostStats {
  readonly cpu: Readonly<Record<string, bigint>>;
  readonly memory: Readonly<Record<string, bigint>>;
}

/** Reads the counters of a host and of all its running machines, and says what changed since the last time. */
export class UsageMeter {
  readonly #hostId: string;
  #last = new Map<string, Reading>();

  /** @param hypervisor the host's name */
  constructor(hypervisor: string) {
    this.#hostId = hypervisorId(hypervisor);
  }

  async read(connection: Connection, signal: AbortSignal): Promise<Usage[]> {
    const [stats, host] = await Promise.all([
      connection.domainStats({
        stats: ['cpu-total', 'balloon', 'interface', 'block'],
        active: true,
        noWait: true,
        signal,
      }),
      hostStats(connection, signal),
    ]);
    return this.take(stats, host, performance.now());
  }

  /** A first reading gives no usage. The host comes last: its disks and networks are those of its machines together. */
  take(stats: readonly DomainStats[], host: HostStats | undefined, atMs: number): Usage[] {
    const before = this.#last;
    const now = new Map(
      stats.map(({ domain, params }) => [vmId(domain.uuid) as string, toReading(params, atMs)]),
    );
    this.#last = host ? new Map([...now, [this.#hostId, hostReading(host, atMs)]]) : now;
    const usages = usagesOf(before, this.#last);
    const machines = usages.filter(({ id }) => id !== this.#hostId);
    return usages.map((usage) =>
      usage.id !== this.#hostId
        ? usage
        : {
            ...usage,
            diskReadBps: sumOf(machines, 'diskReadBps'),
            diskWriteBps: sumOf(machines, 'diskWriteBps'),
            netRxBps: sumOf(machines, 'netRxBps'),
            netTxBps: sumOf(machines, 'netTxBps'),
          },
    );
  }
}

/** Not every driver of libvirt counts that. */
async function hostStats(
  connection: Connection,
  signal: AbortSignal,
): Promise<HostStats | undefined> {
  try {
    const [cpu, memory] = await Promise.all([
      connection.cpuStats(undefined, { signal }),
      connection.memoryStats(undefined, { signal }),
    ]);
    return { cpu, memory };
  } catch (error) {
    if (isUnsupported(error)) return undefined;
    throw error;
  }
}

function usagesOf(
  before: ReadonlyMap<string, Reading>,
  now: ReadonlyMap<string, Reading>,
): Usage[] {
  return [...now].flatMap(([id, reading]) => {
    const last = before.get(id);
    return last ? [toUsage(id, last, reading)] : [];
  });
}

function sumOf(usages: readonly Usage[], field: Exclude<keyof Usage, 'id'>): number {
  return usages.reduce((sum, usage) => sum + usage[field], 0);
}

function hostReading({ cpu, memory }: HostStats, atMs: number): Reading {
  const { total = 0n, free = 0n, buffers = 0n, cached = 0n } = memory;
  return {
    atMs,
    cpuNs: Number((cpu['kernel'] ?? 0n) + (cpu['user'] ?? 0n)),
    memoryKiB: Number(total - free - buffers - cached),
    ...{ diskRead: 0, diskWrite: 0, netRx: 0, netTx: 0 },
  };
}

function toReading(params: DomainStats['params'], atMs: number): Reading {
  const sum = (prefix: string, suffix: string): number =>
    Object.entries(params)
      .filter(([key]) => key.startsWith(`${prefix}.`) && key.endsWith(`.${suffix}`))
      .reduce((total, [, value]) => total + Number(value), 0);
  return {
    atMs,
    cpuNs: Number(params['cpu.time'] ?? 0),
    memoryKiB: Number(params['balloon.rss'] ?? params['balloon.current'] ?? 0),
    diskRead: sum('block', 'rd.bytes'),
    diskWrite: sum('block', 'wr.bytes'),
    netRx: sum('net', 'rx.bytes'),
    netTx: sum('net', 'tx.bytes'),
  };
}

function toUsage(id: string, before: Reading, now: Reading): Usage {
  const seconds = Math.max(0.001, (now.atMs - before.atMs) / 1000);
  // A machine that was started anew counts from 0 again.
  const rate = (key: Exclude<keyof Reading, 'atMs'>): number =>
    Math.max(0, Math.round((now[key] - before[key]) / seconds));
  return {
    id,
    cpu: Math.round(rate('cpuNs') / 1e7) / 100,
    memoryMiB: Math.round(now.memoryKiB / 1024),
    diskReadBps: rate('diskRead'),
    diskWriteBps: rate('diskWrite'),
    netRxBps: rate('netRx'),
    netTxBps: rate('netTx'),
  };
}
