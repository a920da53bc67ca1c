import { type AffectOptions, affectFlags } from './domain-base.ts';
import { DomainDefinition } from './domain-definition.ts';
import { toNumber } from './flags.ts';
import type { CallOptions } from './pending-call.ts';
import { type ParamRecord, paramsToRecord, recordToParams } from './typed-params.ts';

/** Sets the limit, not what is used. */
export interface MaximumOptions extends AffectOptions {
  readonly maximum?: boolean;
}

export interface VcpuOptions extends MaximumOptions {
  /** Ask the guest agent to switch them, instead of plugging. */
  readonly guest?: boolean;
}

/** One of a running domain's virtual CPUs. */
export interface Vcpu {
  readonly number: number;
  readonly state: 'offline' | 'running' | 'blocked' | 'unknown';
  readonly cpuTimeNs: bigint;
  /** The host's CPU that it runs on, or null. */
  readonly hostCpu: number | null;
}

const MAXIMUM = 4;
const GUEST = 8;
const vcpuStates = ['offline', 'running', 'blocked'] as const;
const tuningCalls = {
  memory: ['DOMAIN_GET_MEMORY_PARAMETERS', 'DOMAIN_SET_MEMORY_PARAMETERS'],
  blkio: ['DOMAIN_GET_BLKIO_PARAMETERS', 'DOMAIN_SET_BLKIO_PARAMETERS'],
  numa: ['DOMAIN_GET_NUMA_PARAMETERS', 'DOMAIN_SET_NUMA_PARAMETERS'],
} as const;

/** A domain's hardware: devices, memory and virtual CPUs. */
export abstract class DomainDevices extends DomainDefinition {
  /** Plugs a device in, given as XML (virDomainAttachDeviceFlags). */
  async attachDevice(xml: string, options: AffectOptions = {}): Promise<void> {
    const args = { xml, flags: affectFlags(options) };
    await this.call('DOMAIN_ATTACH_DEVICE_FLAGS', args, options);
  }

  /**
   * Asks for a device to be unplugged (virDomainDetachDeviceFlags). The guest has a say: wait for
   * the `device-removed` event.
   */
  async detachDevice(xml: string, options: AffectOptions = {}): Promise<void> {
    const args = { xml, flags: affectFlags(options) };
    await this.call('DOMAIN_DETACH_DEVICE_FLAGS', args, options);
  }

  /** As {@link detachDevice}, by alias (virDomainDetachDeviceAlias). */
  async detachDeviceAlias(alias: string, options: AffectOptions = {}): Promise<void> {
    const args = { alias, flags: affectFlags(options) };
    await this.call('DOMAIN_DETACH_DEVICE_ALIAS', args, options);
  }

  /** Changes a device: media, link state, network (virDomainUpdateDeviceFlags). */
  async updateDevice(xml: string, options: AffectOptions = {}): Promise<void> {
    const args = { xml, flags: affectFlags(options) };
    await this.call('DOMAIN_UPDATE_DEVICE_FLAGS', args, options);
  }

  /** Its memory's limit in KiB (virDomainGetMaxMemory). */
  async maxMemoryKiB(options?: CallOptions): Promise<number> {
    return toNumber((await this.call('DOMAIN_GET_MAX_MEMORY', {}, options)).memory);
  }

  /** Sets its memory, or with `maximum` its limit (virDomainSetMemoryFlags). */
  async setMemory(memoryKiB: number, options: MaximumOptions = {}): Promise<void> {
    const flags = affectFlags(options) + (options.maximum ? MAXIMUM : 0);
    await this.call('DOMAIN_SET_MEMORY_FLAGS', { memory: BigInt(memoryKiB), flags }, options);
  }

  /** Its number of vcpus, or with `maximum` their limit (virDomainGetVcpusFlags). */
  async vcpuCount(options: VcpuOptions = {}): Promise<number> {
    return (await this.call('DOMAIN_GET_VCPUS_FLAGS', { flags: vcpuFlags(options) }, options))
      .vcpus;
  }

  /** Sets its number of vcpus, or with `maximum` their limit (virDomainSetVcpusFlags). */
  async setVcpus(vcpus: number, options: VcpuOptions = {}): Promise<void> {
    await this.call('DOMAIN_SET_VCPUS_FLAGS', { vcpus, flags: vcpuFlags(options) }, options);
  }

  /** A running domain's virtual CPUs (virDomainGetVcpus). */
  async vcpus(options?: CallOptions): Promise<Vcpu[]> {
    const { vcpus: maxInfo } = await this.call('DOMAIN_GET_MAX_VCPUS', {}, options);
    const { info } = await this.call('DOMAIN_GET_VCPUS', { maxInfo, mapLength: 0 }, options);
    return info.map(({ number, state, cpuTime, cpu }) => ({
      number,
      state: vcpuStates[state] ?? 'unknown',
      cpuTimeNs: cpuTime,
      hostCpu: cpu < 0 ? null : cpu,
    }));
  }

  /** Plugs single vcpus in or out, e.g. `1-3,5` (virDomainSetVcpu). */
  async setVcpu(vcpus: string, enabled: boolean, options: AffectOptions = {}): Promise<void> {
    const args = { cpuMap: vcpus, state: enabled ? 1 : 0, flags: affectFlags(options) };
    await this.call('DOMAIN_SET_VCPU', args, options);
  }

  /** The host's CPUs that a vcpu may run on, by number (virDomainPinVcpuFlags). */
  async pinVcpu(
    vcpu: number,
    hostCpus: readonly number[],
    options: AffectOptions = {},
  ): Promise<void> {
    const args = { vcpu, cpuMap: toCpuMap(hostCpus), flags: affectFlags(options) };
    await this.call('DOMAIN_PIN_VCPU_FLAGS', args, options);
  }

  /** Likewise for the emulator's own threads (virDomainPinEmulator). */
  async pinEmulator(hostCpus: readonly number[], options: AffectOptions = {}): Promise<void> {
    const args = { cpuMap: toCpuMap(hostCpus), flags: affectFlags(options) };
    await this.call('DOMAIN_PIN_EMULATOR', args, options);
  }

  /** The host's CPUs that each vcpu may run on (virDomainGetVcpuPinInfo). */
  async vcpuPins(options: AffectOptions = {}): Promise<number[][]> {
    const mapLength = await this.#cpuMapLength(options);
    const flags = affectFlags(options);
    const cpuMapCount = await this.vcpuCount({ ...options, maximum: true });
    const args = { cpuMapCount, mapLength, flags };
    const { cpuMaps, count } = await this.call('DOMAIN_GET_VCPU_PIN_INFO', args, options);
    return Array.from({ length: count }, (_, i) =>
      fromCpuMap(cpuMaps.subarray(i * mapLength, (i + 1) * mapLength)),
    );
  }

  /** Those of the emulator's own threads (virDomainGetEmulatorPinInfo). */
  async emulatorPins(options: AffectOptions = {}): Promise<number[]> {
    const mapLength = await this.#cpuMapLength(options);
    const args = { mapLength, flags: affectFlags(options) };
    return fromCpuMap((await this.call('DOMAIN_GET_EMULATOR_PIN_INFO', args, options)).cpuMaps);
  }

  /** Bytes that a map of the host's CPUs has (virNodeGetCPUMap). */
  async #cpuMapLength(options: CallOptions): Promise<number> {
    const { count } = await this.session.call(
      'NODE_GET_CPU_MAP',
      { needMap: 0, needOnline: 0 },
      { signal: options.signal, timeoutMs: options.timeoutMs },
    );
    return Math.ceil(count / 8);
  }

  /** A card's limits by libvirt's names, given its target or MAC address (virDomainGetInterfaceParameters). */
  async interfaceLimits(device: string, options: AffectOptions = {}): Promise<ParamRecord> {
    const args = { device, flags: affectFlags(options) };
    return this.params('DOMAIN_GET_INTERFACE_PARAMETERS', args, options);
  }

  /** Sets some, e.g. `{ 'inbound.average': 1000 }` in KiB per second (virDomainSetInterfaceParameters). */
  async setInterfaceLimits(
    device: string,
    values: ParamRecord,
    options: AffectOptions = {},
  ): Promise<void> {
    const params = recordToParams(values, () => 'uint');
    const args = { device, params, flags: affectFlags(options) };
    await this.call('DOMAIN_SET_INTERFACE_PARAMETERS', args, options);
  }

  /** Adds an I/O thread (virDomainAddIOThread). */
  async addIoThread(id: number, options: AffectOptions = {}): Promise<void> {
    await this.call('DOMAIN_ADD_IOTHREAD', { id, flags: affectFlags(options) }, options);
  }

  /** Removes one (virDomainDelIOThread). */
  async removeIoThread(id: number, options: AffectOptions = {}): Promise<void> {
    await this.call('DOMAIN_DEL_IOTHREAD', { id, flags: affectFlags(options) }, options);
  }

  /** Its I/O threads' ids (virDomainGetIOThreadInfo). */
  async ioThreads(options: AffectOptions = {}): Promise<number[]> {
    const args = { flags: affectFlags(options) };
    const { info } = await this.call('DOMAIN_GET_IOTHREAD_INFO', args, options);
    return info.map(({ id }) => id);
  }

  /**
   * Limits and weights by libvirt's names, e.g. `hard_limit` in KiB, `weight`, `numa_nodeset`
   * (virDomainGetMemoryParameters, virDomainGetBlkioParameters, virDomainGetNumaParameters).
   */
  async tuning(kind: keyof typeof tuningCalls, options: AffectOptions = {}): Promise<ParamRecord> {
    return this.params(tuningCalls[kind][0], { flags: affectFlags(options) }, options);
  }

  /**
   * Sets some of them (virDomainSetMemoryParameters and so on). Reads first, to learn their types.
   *
   * @throws TypeError for a name that this domain does not have.
   */
  async setTuning(
    kind: keyof typeof tuningCalls,
    values: ParamRecord,
    options: AffectOptions = {},
  ): Promise<void> {
    const [get, set] = tuningCalls[kind];
    const flags = affectFlags(options);
    const now = await this.typedParams(get, { flags }, options);
    const types = Object.fromEntries(now.map(({ field, type }) => [field, type]));
    await this.call(set, { params: recordToParams(values, types), flags }, options);
  }

  /** The CPU scheduler's shares, periods and quotas (virDomainGetSchedulerParametersFlags). */
  async schedulerParams(options: AffectOptions = {}): Promise<ParamRecord> {
    const { nparams } = await this.call('DOMAIN_GET_SCHEDULER_TYPE', {}, options);
    const args = { nparams, flags: affectFlags(options) };
    const { params } = await this.call('DOMAIN_GET_SCHEDULER_PARAMETERS_FLAGS', args, options);
    return paramsToRecord(params);
  }

  /** Sets some of them (virDomainSetSchedulerParametersFlags). */
  async setSchedulerParams(values: ParamRecord, options: AffectOptions = {}): Promise<void> {
    const types = (name: string) => (name.endsWith('_quota') ? 'llong' : 'ullong');
    const params = recordToParams(values, types);
    const args = { params, flags: affectFlags(options) };
    await this.call('DOMAIN_SET_SCHEDULER_PARAMETERS_FLAGS', args, options);
  }
}

function vcpuFlags(options: VcpuOptions): number {
  return affectFlags(options) + (options.maximum ? MAXIMUM : 0) + (options.guest ? GUEST : 0);
}

/** One bit a CPU, the lowest first. */
function toCpuMap(cpus: readonly number[]): Buffer {
  const map = Buffer.alloc(Math.floor(Math.max(0, ...cpus) / 8) + 1);
  for (const cpu of cpus) map[cpu >> 3]! |= 1 << (cpu & 7);
  return map;
}

function fromCpuMap(map: Uint8Array): number[] {
  return Array.from({ length: map.length * 8 }, (_, cpu) => cpu).filter(
    (cpu) => (map[cpu >> 3]! >> (cpu & 7)) & 1,
  );
}
