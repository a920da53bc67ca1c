import { DomainSnapshots } from './domain-snapshots.ts';
import { type DomainStateName, stateName, stateReason } from './domain-states.ts';
import { toFlags, toNumber } from './flags.ts';
import { migrateBetween } from './managed-migration.ts';
import type { MigrateOptions } from './migration-options.ts';
import type { CallOptions } from './pending-call.ts';
import type { Session } from './session.ts';

/** A domain's state and why it is in it, e.g. `{ state: 'shutoff', reason: 'destroyed' }`. */
export interface DomainState {
  readonly state: DomainStateName;
  readonly reason: string;
}

/** A domain's size and use. */
export interface DomainInfo {
  readonly state: DomainStateName;
  readonly maxMemoryKiB: number;
  readonly memoryKiB: number;
  readonly vcpus: number;
  /** CPU time used since the start, in nanoseconds. */
  readonly cpuTimeNs: bigint;
}

/** An interface's counters since the domain's start, as the guest's side sees them. */
export interface InterfaceStats {
  readonly rxBytes: bigint;
  readonly rxPackets: bigint;
  readonly rxErrors: bigint;
  readonly rxDropped: bigint;
  readonly txBytes: bigint;
  readonly txPackets: bigint;
  readonly txErrors: bigint;
  readonly txDropped: bigint;
}

/** Memory figures in KiB, faults and pages as counts; those the balloon driver gives. */
export type MemoryStats = Readonly<Partial<Record<(typeof memoryStatNames)[number], bigint>>>;

export interface StartOptions extends CallOptions {
  /** Leave the vcpus stopped. */
  readonly paused?: boolean;
  /** Destroy the domain when this connection ends. */
  readonly autodestroy?: boolean;
  /** Ignore and remove a managed save image. */
  readonly forceBoot?: boolean;
}

/** How a shutdown or reboot is asked for. Default: what the hypervisor does best. */
export interface PowerOptions extends CallOptions {
  readonly mode?: 'acpi' | 'agent' | 'initctl' | 'signal' | 'paravirt';
}

const startBits = { paused: 1, autodestroy: 2, forceBoot: 8 };
const powerBits = { acpi: 1, agent: 2, initctl: 4, signal: 8, paravirt: 16 };
const sleepTargets = { memory: 0, disk: 1, hybrid: 2 };
const memoryStatNames = [
  'swapIn',
  'swapOut',
  'majorFaults',
  'minorFaults',
  'unused',
  'available',
  'balloon',
  'rss',
  'usable',
  'lastUpdateSec',
  'diskCaches',
  'hugetlbAllocations',
  'hugetlbFailures',
] as const;

/** A virtual machine. Its uuid is its identity: the object stays valid when it is renamed. */
export class Domain extends DomainSnapshots {
  /** Starts a defined domain (virDomainCreateWithFlags). Invalid state when it runs already. */
  async start(options: StartOptions = {}): Promise<void> {
    await this.call('DOMAIN_CREATE_WITH_FLAGS', { flags: toFlags(startBits, options) }, options);
  }

  /** Asks the guest to shut down and does not wait for it (virDomainShutdownFlags). */
  async shutdown(options: PowerOptions = {}): Promise<void> {
    await this.call('DOMAIN_SHUTDOWN_FLAGS', { flags: powerFlags(options) }, options);
  }

  /** Asks the guest to reboot (virDomainReboot). */
  async reboot(options: PowerOptions = {}): Promise<void> {
    await this.call('DOMAIN_REBOOT', { flags: powerFlags(options) }, options);
  }

  /** Presses the reset button (virDomainReset). */
  async reset(options?: CallOptions): Promise<void> {
    await this.call('DOMAIN_RESET', {}, options);
  }

  /**
   * Pulls the plug (virDomainDestroyFlags). With `graceful`, fails rather than killing a process
   * that does not react.
   */
  async destroy(options: CallOptions & { readonly graceful?: boolean } = {}): Promise<void> {
    await this.call('DOMAIN_DESTROY_FLAGS', { flags: options.graceful ? 1 : 0 }, options);
  }

  /** Stops the vcpus (virDomainSuspend). */
  async suspend(options?: CallOptions): Promise<void> {
    await this.call('DOMAIN_SUSPEND', {}, options);
  }

  /** Continues the vcpus (virDomainResume). */
  async resume(options?: CallOptions): Promise<void> {
    await this.call('DOMAIN_RESUME', {}, options);
  }

  /** Makes the guest sleep, by its agent (virDomainPMSuspendForDuration). */
  async sleep(
    target: keyof typeof sleepTargets = 'memory',
    options: CallOptions & { readonly durationSec?: number } = {},
  ): Promise<void> {
    const args = { target: sleepTargets[target], duration: BigInt(options.durationSec ?? 0) };
    await this.call('DOMAIN_PM_SUSPEND_FOR_DURATION', args, options);
  }

  /** Wakes a guest that sleeps (virDomainPMWakeup). */
  async wakeUp(options?: CallOptions): Promise<void> {
    await this.call('DOMAIN_PM_WAKEUP', {}, options);
  }

  /** Whether it runs, paused included (virDomainIsActive). */
  async isActive(options?: CallOptions): Promise<boolean> {
    return (await this.call('DOMAIN_IS_ACTIVE', {}, options)).active !== 0;
  }

  /** Its state and the reason for it (virDomainGetState). */
  async state(options?: CallOptions): Promise<DomainState> {
    const { state, reason } = await this.call('DOMAIN_GET_STATE', {}, options);
    return { state: stateName(state), reason: stateReason(state, reason) };
  }

  /** State, memory, vcpus and CPU time (virDomainGetInfo). */
  async info(options?: CallOptions): Promise<DomainInfo> {
    const info = await this.call('DOMAIN_GET_INFO', {}, options);
    return {
      state: stateName(info.state),
      maxMemoryKiB: toNumber(info.maxMemory),
      memoryKiB: toNumber(info.memory),
      vcpus: info.vcpus,
      cpuTimeNs: info.cpuTime,
    };
  }

  /** An interface's counters, given its target or MAC address (virDomainInterfaceStats). */
  async interfaceStats(device: string, options?: CallOptions): Promise<InterfaceStats> {
    return this.call('DOMAIN_INTERFACE_STATS', { device }, options);
  }

  /** What the guest does with its memory (virDomainMemoryStats). */
  async memoryStats(options?: CallOptions): Promise<MemoryStats> {
    const args = { maxStats: memoryStatNames.length };
    const { stats } = await this.call('DOMAIN_MEMORY_STATS', args, options);
    const known = stats.filter(({ tag }) => tag in memoryStatNames);
    return Object.fromEntries(known.map(({ tag, value }) => [memoryStatNames[tag], value]));
  }

  /** How often the balloon driver is asked for them; 0 for never (virDomainSetMemoryStatsPeriod). */
  async setMemoryStatsPeriod(periodSec: number, options?: CallOptions): Promise<void> {
    await this.call('DOMAIN_SET_MEMORY_STATS_PERIOD', { period: periodSec }, options);
  }

  /** Measures how fast memory changes; the answer is in {@link Connection.domainStats} (virDomainStartDirtyRateCalc). */
  async startDirtyRateCalc(seconds: number, options?: CallOptions): Promise<void> {
    await this.call('DOMAIN_START_DIRTY_RATE_CALC', { seconds }, options);
  }

  /**
   * Moves it to the daemon of another connection, led by this client (virDomainMigrate3): neither
   * daemon needs to reach the other but for the memory itself.
   *
   * @returns the domain there.
   */
  async migrateWith(target: Session, options: MigrateOptions = {}): Promise<Domain> {
    const source = { session: this.session, domain: this.ref };
    return new Domain(target, await migrateBetween(source, target, options));
  }
}

function powerFlags({ mode }: PowerOptions): number {
  return mode === undefined ? 0 : powerBits[mode];
}
