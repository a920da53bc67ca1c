import { toFlags, toNumber } from './flags.ts';
import type { CallOptions } from './pending-call.ts';
import type { Procedure, ProcedureResult } from './procedures.ts';
import type { CallArgs } from './rpc-client.ts';
import type { OpenStreamOptions, Session } from './session.ts';
import type { LibvirtStream, StreamOptions } from './stream.ts';

/** The host's hardware. */
export interface NodeInfo {
  readonly model: string;
  readonly memoryKiB: number;
  readonly cpus: number;
  readonly mhz: number;
  readonly nodes: number;
  readonly sockets: number;
  readonly cores: number;
  readonly threads: number;
}

export interface DomainCapabilitiesOptions extends CallOptions {
  readonly emulator?: string;
  readonly arch?: string;
  readonly machine?: string;
  readonly virtType?: string;
}

export interface CompareCpuOptions extends DomainCapabilitiesOptions {
  /** Fail, saying what is missing, instead of answering `incompatible`. */
  readonly failIncompatible?: boolean;
  readonly validate?: boolean;
}

export interface BaselineCpuOptions extends DomainCapabilitiesOptions {
  readonly expandFeatures?: boolean;
  readonly migratable?: boolean;
}

const cpuComparisons = ['incompatible', 'identical', 'superset'] as const;
const compareBits = { failIncompatible: 1, validate: 2 };
const baselineBits = { expandFeatures: 1, migratable: 2 };
const suspendTargets = { memory: 0, disk: 1, hybrid: 2 };
const ALL = -1;

/** What a connection knows of the daemon and its host. */
export abstract class Host implements Session {
  abstract call<P extends Procedure>(
    name: P,
    args: CallArgs<P>,
    options?: CallOptions,
  ): Promise<ProcedureResult<P>>;
  abstract openStream<P extends Procedure>(
    name: P,
    args: CallArgs<P>,
    kind: StreamOptions['kind'],
    options?: OpenStreamOptions,
  ): Promise<{ stream: LibvirtStream; result: ProcedureResult<P> }>;

  /** libvirt's version, e.g. `9.0.0`: cheap, good as a health check (virConnectGetLibVersion). */
  async libVersion(options?: CallOptions): Promise<string> {
    const { version } = await this.call('CONNECT_GET_LIB_VERSION', undefined, options);
    return formatVersion(version);
  }

  /**
   * The hypervisor's version (virConnectGetVersion). Slow: some daemons examine QEMU anew for
   * each call, which takes seconds. Never use it as a health check.
   */
  async hypervisorVersion(options?: CallOptions): Promise<string> {
    const { version } = await this.call('CONNECT_GET_VERSION', undefined, options);
    return formatVersion(version);
  }

  /** The driver's name, e.g. `QEMU` (virConnectGetType). */
  async driver(options?: CallOptions): Promise<string> {
    return (await this.call('CONNECT_GET_TYPE', undefined, options)).type;
  }

  /** The host's name (virConnectGetHostname). */
  async hostname(options?: CallOptions): Promise<string> {
    return (await this.call('CONNECT_GET_HOSTNAME', undefined, options)).hostname;
  }

  /** The URI the daemon uses (virConnectGetURI). */
  async uri(options?: CallOptions): Promise<string> {
    return (await this.call('CONNECT_GET_URI', undefined, options)).uri;
  }

  /** The host's and guests' capabilities as XML; may take seconds (virConnectGetCapabilities). */
  async capabilities(options?: CallOptions): Promise<string> {
    return (await this.call('CONNECT_GET_CAPABILITIES', undefined, options)).capabilities;
  }

  /** What one kind of domain can have, as XML (virConnectGetDomainCapabilities). */
  async domainCapabilities(options: DomainCapabilitiesOptions = {}): Promise<string> {
    const args = machineArgs(options);
    return (await this.call('CONNECT_GET_DOMAIN_CAPABILITIES', args, options)).capabilities;
  }

  /** What storage pools can be, as XML (virConnectGetStoragePoolCapabilities). */
  async poolCapabilities(options?: CallOptions): Promise<string> {
    const answer = await this.call('CONNECT_GET_STORAGE_POOL_CAPABILITIES', {}, options);
    return answer.capabilities;
  }

  /** The host's firmware tables as XML (virConnectGetSysinfo). */
  async sysinfo(options?: CallOptions): Promise<string> {
    return (await this.call('CONNECT_GET_SYSINFO', {}, options)).sysinfo;
  }

  /** The most vcpus that a domain of a type, e.g. `kvm`, can have (virConnectGetMaxVcpus). */
  async maxVcpus(type?: string, options?: CallOptions): Promise<number> {
    return (await this.call('CONNECT_GET_MAX_VCPUS', { type }, options)).maxVcpus;
  }

  /** The CPU models that libvirt knows, e.g. for `x86_64` (virConnectGetCPUModelNames). */
  async cpuModels(arch: string, options?: CallOptions): Promise<string[]> {
    const args = { arch, needResults: 1 };
    return (await this.call('CONNECT_GET_CPU_MODEL_NAMES', args, options)).models;
  }

  /** Compares a CPU's XML with what a domain can have here (virConnectCompareHypervisorCPU). */
  async compareCpu(
    xml: string,
    options: CompareCpuOptions = {},
  ): Promise<(typeof cpuComparisons)[number] | 'unknown'> {
    const args = { ...machineArgs(options), xml, flags: toFlags(compareBits, options) };
    const { result } = await this.call('CONNECT_COMPARE_HYPERVISOR_CPU', args, options);
    return cpuComparisons[result] ?? 'unknown';
  }

  /** The most that several hosts' CPUs have in common, as XML (virConnectBaselineHypervisorCPU). */
  async baselineCpu(xmls: readonly string[], options: BaselineCpuOptions = {}): Promise<string> {
    const flags = toFlags(baselineBits, options);
    const args = { ...machineArgs(options), xmls: [...xmls], flags };
    return (await this.call('CONNECT_BASELINE_HYPERVISOR_CPU', args, options)).cpu;
  }

  /** A hypervisor's own command line as a domain's XML (virConnectDomainXMLFromNative). */
  async domainXmlFromNative(
    format: string,
    config: string,
    options?: CallOptions,
  ): Promise<string> {
    const args = { nativeFormat: format, nativeConfig: config };
    return (await this.call('CONNECT_DOMAIN_XML_FROM_NATIVE', args, options)).domainXml;
  }

  /** A domain's XML as, e.g. with `qemu-argv`, QEMU's command line (virConnectDomainXMLToNative). */
  async domainXmlToNative(format: string, xml: string, options?: CallOptions): Promise<string> {
    const args = { nativeFormat: format, domainXml: xml };
    return (await this.call('CONNECT_DOMAIN_XML_TO_NATIVE', args, options)).nativeConfig;
  }

  /** The host's hardware (virNodeGetInfo). */
  async nodeInfo(options?: CallOptions): Promise<NodeInfo> {
    const { memory, ...info } = await this.call('NODE_GET_INFO', undefined, options);
    return { ...info, memoryKiB: toNumber(memory) };
  }

  /** The host's free memory in bytes (virNodeGetFreeMemory). */
  async freeMemoryBytes(options?: CallOptions): Promise<number> {
    return toNumber((await this.call('NODE_GET_FREE_MEMORY', undefined, options)).freeMemory);
  }

  /** CPU times in ns by libvirt's names, of one CPU or all: `kernel`, `user` (virNodeGetCPUStats). */
  async cpuStats(cpu?: number, options?: CallOptions): Promise<Record<string, bigint>> {
    const ask = (nparams: number) =>
      this.call('NODE_GET_CPU_STATS', { cpu: cpu ?? ALL, nparams }, options);
    const { nparams } = await ask(0);
    return toRecord((await ask(nparams)).params);
  }

  /** Memory in KiB by libvirt's names, of one NUMA cell or all: `free` (virNodeGetMemoryStats). */
  async memoryStats(cell?: number, options?: CallOptions): Promise<Record<string, bigint>> {
    const ask = (nparams: number) =>
      this.call('NODE_GET_MEMORY_STATS', { cell: cell ?? ALL, nparams }, options);
    const { nparams } = await ask(0);
    return toRecord((await ask(nparams)).params);
  }

  /** Puts the host to sleep for a while, at least 60 s (virNodeSuspendForDuration). */
  async suspendHost(
    target: keyof typeof suspendTargets,
    durationSec: number,
    options?: CallOptions,
  ): Promise<void> {
    const args = { target: suspendTargets[target], duration: BigInt(durationSec) };
    await this.call('NODE_SUSPEND_FOR_DURATION', args, options);
  }
}

function machineArgs({ emulator, arch, machine, virtType }: DomainCapabilitiesOptions) {
  return { emulator, arch, machine, virtType };
}

function toRecord(
  stats: readonly { readonly field: string; readonly value: bigint }[],
): Record<string, bigint> {
  return Object.fromEntries(stats.map(({ field, value }) => [field, value]));
}

/** libvirt packs a version as 1000000 * major + 1000 * minor + release. */
function formatVersion(version: bigint): string {
  return [version / 1_000_000n, (version / 1000n) % 1000n, version % 1000n].join('.');
}
