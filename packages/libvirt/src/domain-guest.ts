import { DomainBlocks } from './domain-blocks.ts';
import { listToFlags } from './flags.ts';
import type { CallOptions } from './pending-call.ts';
import { type QemuCommand, toCommandText, unwrapReply } from './qemu-command.ts';
import { type ParamRecord, paramsToRecord } from './typed-params.ts';

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

/** A file system that the guest has mounted. */
export interface GuestFilesystem {
  readonly mountpoint: string;
  /** The guest's name for the device. */
  readonly name: string;
  readonly type: string;
  /** The targets of the disks it is on, e.g. `vda`. */
  readonly disks: readonly string[];
}

export interface AgentOptions extends CallOptions {
  /**
   * Seconds the daemon waits for the agent; `'forever'` for no limit, 0 to not wait. Default: what
   * `timeoutMs` says, rounded up, or else the daemon's own (5 s).
   */
  readonly timeoutSec?: number | 'forever';
}

export interface SshKeysOptions extends CallOptions {
  /** Add to or take from those that are there. Default: replace them. */
  readonly mode?: 'replace' | 'append' | 'remove';
}

const addressSources = { lease: 0, agent: 1, arp: 2 };
const hostnameSources = { lease: 1, agent: 2 };
const guestInfoBits = {
  users: 1,
  os: 2,
  timezone: 4,
  hostname: 8,
  filesystem: 16,
  disk: 32,
  interface: 64,
  load: 128,
};
const sshKeyModes = { replace: 0, append: 1, remove: 2 };
const AGENT_TIMEOUT_DEFAULT = -1;
const AGENT_TIMEOUT_FOREVER = -2;

/**
 * What the guest knows or does. Most of it asks the guest agent: agent unavailable (code 86) when
 * that is absent or silent, and unsupported when it is too old. Calls that may take long belong on
 * a connection of their own ({@link Connection.dup}): four of them hold up everything else.
 */
export abstract class DomainGuest extends DomainBlocks {
  /**
   * Runs a guest agent command and returns its `return` value (virDomainQemuAgentCommand). The
   * daemon runs one at a time per domain.
   */
  async agentCommand(command: QemuCommand, options: AgentOptions = {}): Promise<unknown> {
    const args = { command: toCommandText(command), timeout: agentTimeout(options) };
    const { result } = await this.call('QEMU_DOMAIN_AGENT_COMMAND', args, options);
    return result === null ? undefined : unwrapReply(result);
  }

  /** How long the daemon waits for the agent in all calls but that (virDomainAgentSetResponseTimeout). */
  async setAgentTimeout(timeoutSec: number | 'forever', options?: CallOptions): Promise<void> {
    const timeout = agentTimeout({ timeoutSec });
    await this.call('DOMAIN_AGENT_SET_RESPONSE_TIMEOUT', { timeout }, options);
  }

  /**
   * The guest's addresses (virDomainInterfaceAddresses), from the DHCP leases of libvirt's networks
   * (default), the guest agent, or the host's ARP table.
   */
  async interfaceAddresses(
    source: keyof typeof addressSources = 'lease',
    options?: CallOptions,
  ): Promise<DomainInterface[]> {
    const args = { source: addressSources[source] };
    const answer = await this.call('DOMAIN_INTERFACE_ADDRESSES', args, options);
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

  /** The guest's host name, from DHCP leases or the agent (virDomainGetHostname). */
  async hostname(
    source: keyof typeof hostnameSources = 'agent',
    options?: CallOptions,
  ): Promise<string> {
    const args = { flags: hostnameSources[source] };
    return (await this.call('DOMAIN_GET_HOSTNAME', args, options)).hostname;
  }

  /** Facts by libvirt's names, e.g. `os.id`; default all (virDomainGetGuestInfo). */
  async guestInfo(
    groups: readonly (keyof typeof guestInfoBits)[] = [],
    options?: CallOptions,
  ): Promise<ParamRecord> {
    const args = { types: listToFlags(guestInfoBits, groups) };
    return paramsToRecord((await this.call('DOMAIN_GET_GUEST_INFO', args, options)).params);
  }

  /** The guest's vcpus as it sees them, by libvirt's names (virDomainGetGuestVcpus). */
  async guestVcpus(options?: CallOptions): Promise<ParamRecord> {
    return paramsToRecord((await this.call('DOMAIN_GET_GUEST_VCPUS', {}, options)).params);
  }

  /** Switches vcpus on or off in the guest, e.g. `1-3` (virDomainSetGuestVcpus). */
  async setGuestVcpus(vcpus: string, enabled: boolean, options?: CallOptions): Promise<void> {
    const args = { cpuMap: vcpus, state: enabled ? 1 : 0 };
    await this.call('DOMAIN_SET_GUEST_VCPUS', args, options);
  }

  /** The guest's clock (virDomainGetTime). */
  async time(options?: CallOptions): Promise<Date> {
    const { seconds, nanoseconds } = await this.call('DOMAIN_GET_TIME', {}, options);
    return new Date(Number(seconds) * 1000 + Math.floor(nanoseconds / 1e6));
  }

  /** Sets the guest's clock, or takes its hardware clock's time (virDomainSetTime). */
  async setTime(time: Date | 'from-rtc', options?: CallOptions): Promise<void> {
    const SYNC = 1;
    const ms = time === 'from-rtc' ? 0 : time.getTime();
    const seconds = Math.floor(ms / 1000);
    const args = {
      seconds: BigInt(seconds),
      nanoseconds: (ms - seconds * 1000) * 1_000_000,
      flags: time === 'from-rtc' ? SYNC : 0,
    };
    await this.call('DOMAIN_SET_TIME', args, options);
  }

  /** Freezes file systems, default all; returns how many (virDomainFSFreeze). */
  async fsFreeze(mountpoints: readonly string[] = [], options?: CallOptions): Promise<number> {
    const args = { mountpoints: [...mountpoints] };
    return (await this.call('DOMAIN_FSFREEZE', args, options)).filesystems;
  }

  /** Thaws file systems, default all; returns how many (virDomainFSThaw). */
  async fsThaw(mountpoints: readonly string[] = [], options?: CallOptions): Promise<number> {
    const args = { mountpoints: [...mountpoints] };
    return (await this.call('DOMAIN_FSTHAW', args, options)).filesystems;
  }

  /** Discards unused blocks of all file systems (virDomainFSTrim). */
  async fsTrim(
    options: CallOptions & { readonly minimumBytes?: number | bigint } = {},
  ): Promise<void> {
    await this.call('DOMAIN_FSTRIM', { minimum: BigInt(options.minimumBytes ?? 0) }, options);
  }

  /** The mounted file systems (virDomainGetFSInfo). */
  async filesystems(options?: CallOptions): Promise<GuestFilesystem[]> {
    const { info } = await this.call('DOMAIN_GET_FSINFO', {}, options);
    return info.map(({ devices, ...rest }) => ({ ...rest, disks: devices }));
  }

  /** Sets a user's password, plain or already `encrypted` (virDomainSetUserPassword). */
  async setUserPassword(
    user: string,
    password: string,
    options: CallOptions & { readonly encrypted?: boolean } = {},
  ): Promise<void> {
    const args = { user, password, flags: options.encrypted ? 1 : 0 };
    await this.call('DOMAIN_SET_USER_PASSWORD', args, options);
  }

  /** The public keys that may log in as a user (virDomainAuthorizedSSHKeysGet). */
  async authorizedSshKeys(user: string, options?: CallOptions): Promise<string[]> {
    return (await this.call('DOMAIN_AUTHORIZED_SSH_KEYS_GET', { user }, options)).keys;
  }

  /** Sets, adds or removes such keys (virDomainAuthorizedSSHKeysSet). */
  async setAuthorizedSshKeys(
    user: string,
    keys: readonly string[],
    options: SshKeysOptions = {},
  ): Promise<void> {
    const args = { user, keys: [...keys], flags: sshKeyModes[options.mode ?? 'replace'] };
    await this.call('DOMAIN_AUTHORIZED_SSH_KEYS_SET', args, options);
  }
}

function agentTimeout({ timeoutSec, timeoutMs }: AgentOptions): number {
  if (timeoutSec === 'forever') return AGENT_TIMEOUT_FOREVER;
  if (timeoutSec !== undefined) return Math.ceil(timeoutSec);
  if (timeoutMs !== undefined && Number.isFinite(timeoutMs)) return Math.ceil(timeoutMs / 1000);
  return AGENT_TIMEOUT_DEFAULT;
}
