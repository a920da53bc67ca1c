import { unwrapReply, toCommandText, type QemuCommand } from './qemu-command.ts';
import { type DomainStateName, stateName, stateReason } from './domain-states.ts';
import { type Affect, affectBits, toFlags, toNumber } from './flags.ts';
import type { CallOptions } from './pending-call.ts';
import type { Session } from './session.ts';
import type { LibvirtStream } from './stream.ts';
import type { Struct } from './schema.ts';

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

/** A guest's network interface with its addresses. */
export interface DomainInterface {
  readonly name: string;
  readonly mac: string | null;
  readonly addresses: readonly {
    readonly family: 'ipv4' | 'ipv6';
    readonly address: string;
    readonly prefix: number;
  }[];
}

export interface StartOptions extends CallOptions {
  /** Leave the vcpus stopped. */
  readonly paused?: boolean;
  /** Destroy the domain when this connection ends. */
  readonly autodestroy?: boolean;
  /** Ignore and remove a managed save image. */
  readonly forceBoot?: boolean;
}

export interface UndefineOptions extends CallOptions {
  readonly managedSave?: boolean;
  readonly snapshotsMetadata?: boolean;
  readonly nvram?: boolean;
  readonly keepNvram?: boolean;
  readonly checkpointsMetadata?: boolean;
  readonly tpm?: boolean;
  readonly keepTpm?: boolean;
}

export interface XmlOptions extends CallOptions {
  /** The stored definition, not the running one. */
  readonly inactive?: boolean;
  /** Include passwords. */
  readonly secure?: boolean;
  /** Expand the CPU model. */
  readonly updateCpu?: boolean;
  /** In a form older libvirts read. */
  readonly migratable?: boolean;
}

/** How a shutdown or reboot is asked for. Default: what the hypervisor does best. */
export interface PowerOptions extends CallOptions {
  readonly mode?: 'acpi' | 'agent' | 'initctl' | 'signal' | 'paravirt';
}

export interface AffectOptions extends CallOptions {
  /** Default `current`. */
  readonly affect?: Affect;
}

export interface MetadataOptions extends AffectOptions {
  /** The prefix for the element's namespace. */
  readonly key?: string;
}

export interface AgentOptions extends CallOptions {
  /**
   * Seconds the daemon waits for the agent; `'forever'` for no limit, 0 to not wait. Default: what
   * `timeoutMs` says, rounded up, or else the daemon's own (5 s).
   */
  readonly timeoutSec?: number | 'forever';
}

const startBits = { paused: 1, autodestroy: 2, forceBoot: 8 };
const undefineBits = {
  managedSave: 1,
  snapshotsMetadata: 2,
  nvram: 4,
  keepNvram: 8,
  checkpointsMetadata: 16,
  tpm: 32,
  keepTpm: 64,
};
const xmlBits = { secure: 1, inactive: 2, updateCpu: 4, migratable: 8 };
const powerBits = { acpi: 1, agent: 2, initctl: 4, signal: 8, paravirt: 16 };
const metadataTypes = { description: 0, title: 1 };
const METADATA_ELEMENT = 2;
const addressSources = { lease: 0, agent: 1, arp: 2 };
const AGENT_TIMEOUT_DEFAULT = -1;
const AGENT_TIMEOUT_FOREVER = -2;

/** A virtual machine. Its uuid is its identity: the object stays valid when it is renamed. */
export class Domain {
  readonly name: string;
  readonly uuid: string;
  readonly #session: Session;
  readonly #ref: Struct<'domain'>;

  /** Use {@link Connection.domain} and its kin. */
  constructor(session: Session, ref: Struct<'domain'>) {
    this.#session = session;
    this.#ref = ref;
    this.name = ref.name;
    this.uuid = ref.uuid;
  }

  /** Starts a defined domain (virDomainCreateWithFlags). Invalid state when it runs already. */
  async start(options: StartOptions = {}): Promise<void> {
    const args = { domain: this.#ref, flags: toFlags(startBits, options) };
    await this.#session.call('DOMAIN_CREATE_WITH_FLAGS', args, options);
  }

  /** Asks the guest to shut down and does not wait for it (virDomainShutdownFlags). */
  async shutdown(options: PowerOptions = {}): Promise<void> {
    const args = { domain: this.#ref, flags: options.mode ? powerBits[options.mode] : 0 };
    await this.#session.call('DOMAIN_SHUTDOWN_FLAGS', args, options);
  }

  /** Asks the guest to reboot (virDomainReboot). */
  async reboot(options: PowerOptions = {}): Promise<void> {
    const args = { domain: this.#ref, flags: options.mode ? powerBits[options.mode] : 0 };
    await this.#session.call('DOMAIN_REBOOT', args, options);
  }

  /** Presses the reset button (virDomainReset). */
  async reset(options?: CallOptions): Promise<void> {
    await this.#session.call('DOMAIN_RESET', { domain: this.#ref }, options);
  }

  /**
   * Pulls the plug (virDomainDestroyFlags). With `graceful`, fails rather than killing a process
   * that does not react.
   */
  async destroy(options: CallOptions & { readonly graceful?: boolean } = {}): Promise<void> {
    const args = { domain: this.#ref, flags: options.graceful ? 1 : 0 };
    await this.#session.call('DOMAIN_DESTROY_FLAGS', args, options);
  }

  /** Removes the stored definition; a running domain goes on (virDomainUndefineFlags). */
  async undefine(options: UndefineOptions = {}): Promise<void> {
    const args = { domain: this.#ref, flags: toFlags(undefineBits, options) };
    await this.#session.call('DOMAIN_UNDEFINE_FLAGS', args, options);
  }

  /** Stops the vcpus (virDomainSuspend). */
  async suspend(options?: CallOptions): Promise<void> {
    await this.#session.call('DOMAIN_SUSPEND', { domain: this.#ref }, options);
  }

  /** Continues the vcpus (virDomainResume). */
  async resume(options?: CallOptions): Promise<void> {
    await this.#session.call('DOMAIN_RESUME', { domain: this.#ref }, options);
  }

  /** Its XML (virDomainGetXMLDesc). */
  async xml(options: XmlOptions = {}): Promise<string> {
    const args = { domain: this.#ref, flags: toFlags(xmlBits, options) };
    return (await this.#session.call('DOMAIN_GET_XML_DESC', args, options)).xml;
  }

  /** Its state and the reason for it (virDomainGetState). */
  async state(options?: CallOptions): Promise<DomainState> {
    const args = { domain: this.#ref };
    const { state, reason } = await this.#session.call('DOMAIN_GET_STATE', args, options);
    return { state: stateName(state), reason: stateReason(state, reason) };
  }

  /** State, memory, vcpus and CPU time (virDomainGetInfo). */
  async info(options?: CallOptions): Promise<DomainInfo> {
    const info = await this.#session.call('DOMAIN_GET_INFO', { domain: this.#ref }, options);
    return {
      state: stateName(info.state),
      maxMemoryKiB: toNumber(info.maxMemory),
      memoryKiB: toNumber(info.memory),
      vcpus: info.vcpus,
      cpuTimeNs: info.cpuTime,
    };
  }

  /** Whether it runs, paused included (virDomainIsActive). */
  async isActive(options?: CallOptions): Promise<boolean> {
    const { active } = await this.#session.call('DOMAIN_IS_ACTIVE', { domain: this.#ref }, options);
    return active !== 0;
  }

  /** Whether it has a stored definition (virDomainIsPersistent). */
  async isPersistent(options?: CallOptions): Promise<boolean> {
    const args = { domain: this.#ref };
    return (await this.#session.call('DOMAIN_IS_PERSISTENT', args, options)).persistent !== 0;
  }

  /** Whether it starts with the daemon (virDomainGetAutostart). */
  async autostart(options?: CallOptions): Promise<boolean> {
    const args = { domain: this.#ref };
    return (await this.#session.call('DOMAIN_GET_AUTOSTART', args, options)).autostart !== 0;
  }

  /** Makes it start with the daemon or not (virDomainSetAutostart). */
  async setAutostart(autostart: boolean, options?: CallOptions): Promise<void> {
    const args = { domain: this.#ref, autostart: autostart ? 1 : 0 };
    await this.#session.call('DOMAIN_SET_AUTOSTART', args, options);
  }

  /** Renames a stopped domain (virDomainRename). This object keeps the old `name`. */
  async rename(newName: string, options?: CallOptions): Promise<void> {
    await this.#session.call('DOMAIN_RENAME', { domain: this.#ref, newName }, options);
  }

  /**
   * Reads the title, the description, or the XML element of a namespace (virDomainGetMetadata).
   * Not found when there is none.
   */
  async metadata(what: MetadataKey, options: AffectOptions = {}): Promise<string> {
    const args = { domain: this.#ref, ...metadataArgs(what), flags: affectFlags(options) };
    return (await this.#session.call('DOMAIN_GET_METADATA', args, options)).metadata;
  }

  /**
   * Sets the title, the description, or the XML element of a namespace, for which `key` gives the
   * prefix; null removes it (virDomainSetMetadata).
   */
  async setMetadata(
    what: MetadataKey,
    metadata: string | null,
    options: MetadataOptions = {},
  ): Promise<void> {
    const key = options.key ?? null;
    const args = { domain: this.#ref, ...metadataArgs(what), metadata, key };
    const flags = affectFlags(options);
    await this.#session.call('DOMAIN_SET_METADATA', { ...args, flags }, options);
  }

  /** Warnings about it: `tainting` and `deprecation` messages (virDomainGetMessages). */
  async messages(options?: CallOptions): Promise<string[]> {
    const args = { domain: this.#ref };
    return (await this.#session.call('DOMAIN_GET_MESSAGES', args, options)).messages;
  }

  /** Plugs a device in, given as XML (virDomainAttachDeviceFlags). */
  async attachDevice(xml: string, options: AffectOptions = {}): Promise<void> {
    const args = { domain: this.#ref, xml, flags: affectFlags(options) };
    await this.#session.call('DOMAIN_ATTACH_DEVICE_FLAGS', args, options);
  }

  /**
   * Asks for a device to be unplugged (virDomainDetachDeviceFlags). The guest has a say: wait for
   * the `device-removed` event.
   */
  async detachDevice(xml: string, options: AffectOptions = {}): Promise<void> {
    const args = { domain: this.#ref, xml, flags: affectFlags(options) };
    await this.#session.call('DOMAIN_DETACH_DEVICE_FLAGS', args, options);
  }

  /** As {@link detachDevice}, by alias (virDomainDetachDeviceAlias). */
  async detachDeviceAlias(alias: string, options: AffectOptions = {}): Promise<void> {
    const args = { domain: this.#ref, alias, flags: affectFlags(options) };
    await this.#session.call('DOMAIN_DETACH_DEVICE_ALIAS', args, options);
  }

  /** Changes a device: media, link state, network (virDomainUpdateDeviceFlags). */
  async updateDevice(xml: string, options: AffectOptions = {}): Promise<void> {
    const args = { domain: this.#ref, xml, flags: affectFlags(options) };
    await this.#session.call('DOMAIN_UPDATE_DEVICE_FLAGS', args, options);
  }

  /** Sets its memory, or with `maximum` its limit (virDomainSetMemoryFlags). */
  async setMemory(
    memoryKiB: number,
    options: AffectOptions & { readonly maximum?: boolean } = {},
  ): Promise<void> {
    const flags = affectFlags(options) + (options.maximum ? 4 : 0);
    const args = { domain: this.#ref, memory: BigInt(memoryKiB), flags };
    await this.#session.call('DOMAIN_SET_MEMORY_FLAGS', args, options);
  }

  /** Sets its number of vcpus, or with `maximum` their limit (virDomainSetVcpusFlags). */
  async setVcpus(
    vcpus: number,
    options: AffectOptions & { readonly maximum?: boolean } = {},
  ): Promise<void> {
    const flags = affectFlags(options) + (options.maximum ? 4 : 0);
    await this.#session.call(
      'DOMAIN_SET_VCPUS_FLAGS',
      { domain: this.#ref, vcpus, flags },
      options,
    );
  }

  /** Resizes a running domain's disk, given by target or path (virDomainBlockResize). */
  async resizeDisk(disk: string, sizeBytes: number | bigint, options?: CallOptions): Promise<void> {
    const BYTES = 1;
    const args = { domain: this.#ref, disk, size: BigInt(sizeBytes), flags: BYTES };
    await this.#session.call('DOMAIN_BLOCK_RESIZE', args, options);
  }

  /**
   * The guest's addresses (virDomainInterfaceAddresses), from the DHCP leases of libvirt's networks
   * (default), the guest agent, or the host's ARP table.
   */
  async interfaceAddresses(
    source: 'lease' | 'agent' | 'arp' = 'lease',
    options?: CallOptions,
  ): Promise<DomainInterface[]> {
    const args = { domain: this.#ref, source: addressSources[source] };
    const answer = await this.#session.call('DOMAIN_INTERFACE_ADDRESSES', args, options);
    return answer.interfaces.map(({ name, hwaddr, addrs }) => ({
      name,
      mac: hwaddr,
      addresses: addrs.map(({ type, addr, prefix }) => ({
        family: type === 0 ? 'ipv4' : 'ipv6',
        address: addr,
        prefix,
      })),
    }));
  }

  /** Writes memory and state to a file on the host and stops (virDomainSaveFlags). */
  async save(path: string, options?: CallOptions): Promise<void> {
    await this.#session.call('DOMAIN_SAVE_FLAGS', { domain: this.#ref, to: path }, options);
  }

  /** As {@link save}, to libvirt's own place; the next start continues (virDomainManagedSave). */
  async managedSave(options?: CallOptions): Promise<void> {
    await this.#session.call('DOMAIN_MANAGED_SAVE', { domain: this.#ref }, options);
  }

  /** Whether a managed save image waits (virDomainHasManagedSaveImage). */
  async hasManagedSave(options?: CallOptions): Promise<boolean> {
    const args = { domain: this.#ref };
    return (await this.#session.call('DOMAIN_HAS_MANAGED_SAVE_IMAGE', args, options)).result !== 0;
  }

  /** Deletes the managed save image (virDomainManagedSaveRemove). */
  async removeManagedSave(options?: CallOptions): Promise<void> {
    await this.#session.call('DOMAIN_MANAGED_SAVE_REMOVE', { domain: this.#ref }, options);
  }

  /**
   * Runs a guest agent command and returns its `return` value
   * (virDomainQemuAgentCommand). Agent unavailable (code 86) when the agent is absent or silent. The daemon runs
   * one at a time per domain. Calls that may take long belong on a connection of their own
   * ({@link Connection.dup}): four of them hold up everything else.
   */
  async agentCommand(command: QemuCommand, options: AgentOptions = {}): Promise<unknown> {
    const timeout = agentTimeout(options);
    const args = { domain: this.#ref, command: toCommandText(command), timeout };
    const { result } = await this.#session.call('QEMU_DOMAIN_AGENT_COMMAND', args, options);
    return result === null ? undefined : unwrapReply(result);
  }

  /**
   * Sends QEMU a monitor command and returns its `return` value (virDomainQemuMonitorCommand).
   * Taints the domain: for tests and diagnosis.
   */
  async monitorCommand(command: QemuCommand, options?: CallOptions): Promise<unknown> {
    const args = { domain: this.#ref, command: toCommandText(command) };
    const { result } = await this.#session.call('QEMU_DOMAIN_MONITOR_COMMAND', args, options);
    return unwrapReply(result);
  }

  /** As {@link monitorCommand} in the human monitor's language; returns its text. */
  async humanMonitorCommand(command: string, options?: CallOptions): Promise<string> {
    const HMP = 1;
    const args = { domain: this.#ref, command, flags: HMP };
    return (await this.#session.call('QEMU_DOMAIN_MONITOR_COMMAND', args, options)).result;
  }

  /**
   * Opens a serial console, the first one by default, on a connection of its own
   * (virDomainOpenConsole). `force` takes it from another user. End or destroy it to close it.
   */
  async openConsole(
    options: CallOptions & { readonly device?: string; readonly force?: boolean } = {},
  ): Promise<LibvirtStream> {
    const args = { domain: this.#ref, device: options.device, flags: options.force ? 1 : 0 };
    return (await this.#session.openStream('DOMAIN_OPEN_CONSOLE', args, 'both', options)).stream;
  }

  /** Opens a virtio channel, the first one by default, likewise (virDomainOpenChannel). */
  async openChannel(
    options: CallOptions & { readonly name?: string; readonly force?: boolean } = {},
  ): Promise<LibvirtStream> {
    const args = { domain: this.#ref, name: options.name, flags: options.force ? 1 : 0 };
    return (await this.#session.openStream('DOMAIN_OPEN_CHANNEL', args, 'both', options)).stream;
  }

  /** A picture of its screen; QEMU gives image/x-portable-pixmap or PNG (virDomainScreenshot). */
  async screenshot(
    options: CallOptions & { readonly screen?: number } = {},
  ): Promise<{ mime: string | null; image: Buffer }> {
    const args = { domain: this.#ref, screen: options.screen ?? 0 };
    const opened = await this.#session.openStream('DOMAIN_SCREENSHOT', args, 'read', options);
    const chunks = (await opened.stream.toArray()) as Buffer[];
    return { mime: opened.result.mime, image: Buffer.concat(chunks) };
  }

  /** Its reference on the wire, for {@link Connection.call}. */
  get ref(): Struct<'domain'> {
    return this.#ref;
  }
}

/** `title`, `description`, or the namespace uri of an own element. */
export type MetadataKey = 'title' | 'description' | { readonly uri: string };

function metadataArgs(what: MetadataKey): { type: number; uri: string | null } {
  if (typeof what === 'string') return { type: metadataTypes[what], uri: null };
  return { type: METADATA_ELEMENT, uri: what.uri };
}

function affectFlags({ affect = 'current' }: AffectOptions): number {
  return affectBits[affect];
}

function agentTimeout({ timeoutSec, timeoutMs }: AgentOptions): number {
  if (timeoutSec === 'forever') return AGENT_TIMEOUT_FOREVER;
  if (timeoutSec !== undefined) return Math.ceil(timeoutSec);
  if (timeoutMs !== undefined && Number.isFinite(timeoutMs)) return Math.ceil(timeoutMs / 1000);
  return AGENT_TIMEOUT_DEFAULT;
}
