import { DomainGuest } from './domain-guest.ts';
import type { CallOptions } from './pending-call.ts';
import { type QemuCommand, toCommandText, unwrapReply } from './qemu-command.ts';
import type { LibvirtStream } from './stream.ts';

export interface SendKeyOptions extends CallOptions {
  /** Default `linux`. */
  readonly codeset?: keyof typeof codesets;
  /** How long they are held down. Default 0: the hypervisor's own. */
  readonly holdMs?: number;
}

const codesets = {
  linux: 0,
  xt: 1,
  atset1: 2,
  atset2: 3,
  atset3: 4,
  osx: 5,
  'xt-kbd': 6,
  usb: 7,
  win32: 8,
  qnum: 9,
};

/** A domain's consoles, screen, keyboard and monitor. */
export abstract class DomainConsole extends DomainGuest {
  /**
   * Opens a serial console, the first one by default, on a connection of its own
   * (virDomainOpenConsole). `force` takes it from another user. End or destroy it to close it.
   */
  async openConsole(
    options: CallOptions & { readonly device?: string; readonly force?: boolean } = {},
  ): Promise<LibvirtStream> {
    const args = { device: options.device, flags: options.force ? 1 : 0 };
    return (await this.openStream('DOMAIN_OPEN_CONSOLE', args, 'both', options)).stream;
  }

  /** Opens a virtio channel, the first one by default, likewise (virDomainOpenChannel). */
  async openChannel(
    options: CallOptions & { readonly name?: string; readonly force?: boolean } = {},
  ): Promise<LibvirtStream> {
    const args = { name: options.name, flags: options.force ? 1 : 0 };
    return (await this.openStream('DOMAIN_OPEN_CHANNEL', args, 'both', options)).stream;
  }

  /** A picture of its screen; QEMU gives image/x-portable-pixmap or PNG (virDomainScreenshot). */
  async screenshot(
    options: CallOptions & { readonly screen?: number } = {},
  ): Promise<{ mime: string | null; image: Buffer }> {
    const args = { screen: options.screen ?? 0 };
    const opened = await this.openStream('DOMAIN_SCREENSHOT', args, 'read', options);
    const chunks = (await opened.stream.toArray()) as Buffer[];
    return { mime: opened.result.mime, image: Buffer.concat(chunks) };
  }

  /** Presses up to 16 keys at once, by their codes, e.g. 28 for enter (virDomainSendKey). */
  async sendKey(keycodes: readonly number[], options: SendKeyOptions = {}): Promise<void> {
    const { codeset = 'linux', holdMs = 0 } = options;
    const args = { codeset: codesets[codeset], holdTime: holdMs, keycodes: [...keycodes] };
    await this.call('DOMAIN_SEND_KEY', args, options);
  }

  /** Sends a signal to a process of a container (virDomainSendProcessSignal). */
  async sendProcessSignal(
    pid: number | bigint,
    signal: number,
    options?: CallOptions,
  ): Promise<void> {
    await this.call('DOMAIN_SEND_PROCESS_SIGNAL', { pid: BigInt(pid), signal }, options);
  }

  /** Sends a non-maskable interrupt (virDomainInjectNMI). */
  async injectNmi(options?: CallOptions): Promise<void> {
    await this.call('DOMAIN_INJECT_NMI', {}, options);
  }

  /**
   * Sends QEMU a monitor command and returns its `return` value (virDomainQemuMonitorCommand).
   * Taints the domain: for tests and diagnosis.
   */
  async monitorCommand(command: QemuCommand, options?: CallOptions): Promise<unknown> {
    const args = { command: toCommandText(command) };
    return unwrapReply((await this.call('QEMU_DOMAIN_MONITOR_COMMAND', args, options)).result);
  }

  /** As {@link monitorCommand} in the human monitor's language; returns its text. */
  async humanMonitorCommand(command: string, options?: CallOptions): Promise<string> {
    const HMP = 1;
    const args = { command, flags: HMP };
    return (await this.call('QEMU_DOMAIN_MONITOR_COMMAND', args, options)).result;
  }
}
