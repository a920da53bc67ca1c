import { listToFlags, toFlags } from './flags.ts';
import type { CallOptions } from './pending-call.ts';
import type { Session } from './session.ts';

const capabilityBits = {
  system: 1,
  pci: 2,
  usb_device: 4,
  usb: 8,
  net: 16,
  scsi_host: 32,
  scsi_target: 64,
  scsi: 128,
  storage: 256,
  fc_host: 512,
  vports: 1024,
  scsi_generic: 2048,
  drm: 4096,
  mdev_types: 8192,
  mdev: 16_384,
  ccw: 32_768,
  css: 65_536,
  vdpa: 131_072,
  ap_card: 262_144,
  ap_queue: 524_288,
  ap_matrix: 1_048_576,
  vpd: 2_097_152,
} as const;
const activityBits = { inactive: 2 ** 30, active: 2 ** 31 };

/** What a device of the host is or can do, by libvirt's names. */
export type NodeDeviceCapability = keyof typeof capabilityBits;

/** Which devices to list; nothing set means all. */
export interface ListNodeDevicesOptions extends CallOptions {
  /** Those with one of these. */
  readonly capabilities?: readonly NodeDeviceCapability[];
  readonly active?: boolean;
  readonly inactive?: boolean;
}

/** For {@link Connection.nodeDevices}. */
export function listNodeDeviceFlags(options: ListNodeDevicesOptions): number {
  return listToFlags(capabilityBits, options.capabilities ?? []) + toFlags(activityBits, options);
}

/** A device of the host. Its name is its identity. */
export class NodeDevice {
  /** Its name (virNodeDeviceGetName). */
  readonly name: string;
  readonly #session: Session;

  /** Use {@link Connection.nodeDevice} and its kin. */
  constructor(session: Session, { name }: { readonly name: string }) {
    this.#session = session;
    this.name = name;
  }

  /** Its XML (virNodeDeviceGetXMLDesc). */
  async xml(options?: CallOptions): Promise<string> {
    const args = { name: this.name };
    return (await this.#session.call('NODE_DEVICE_GET_XML_DESC', args, options)).xml;
  }

  /** The name of the device it is plugged into, or null (virNodeDeviceGetParent). */
  async parent(options?: CallOptions): Promise<string | null> {
    const args = { name: this.name };
    return (await this.#session.call('NODE_DEVICE_GET_PARENT', args, options)).parent;
  }

  /** What it is or can do, by libvirt's names (virNodeDeviceListCaps). */
  async capabilities(options?: CallOptions): Promise<string[]> {
    const MOST = 65_536;
    const args = { name: this.name, maxNames: MOST };
    return (await this.#session.call('NODE_DEVICE_LIST_CAPS', args, options)).names;
  }

  /** Takes it from the host's driver, to give it to a guest (virNodeDeviceDetachFlags). */
  async detach(options: CallOptions & { readonly driver?: string } = {}): Promise<void> {
    const args = { name: this.name, driverName: options.driver };
    await this.#session.call('NODE_DEVICE_DETACH_FLAGS', args, options);
  }

  /** Gives it back to the host (virNodeDeviceReAttach). */
  async reattach(options?: CallOptions): Promise<void> {
    await this.#session.call('NODE_DEVICE_RE_ATTACH', { name: this.name }, options);
  }

  /** Resets it (virNodeDeviceReset). */
  async reset(options?: CallOptions): Promise<void> {
    await this.#session.call('NODE_DEVICE_RESET', { name: this.name }, options);
  }

  /** Removes a virtual device, e.g. an mdev (virNodeDeviceDestroy). */
  async destroy(options?: CallOptions): Promise<void> {
    await this.#session.call('NODE_DEVICE_DESTROY', { name: this.name }, options);
  }

  /** Makes a defined device (virNodeDeviceCreate). */
  async start(options?: CallOptions): Promise<void> {
    await this.#session.call('NODE_DEVICE_CREATE', { name: this.name }, options);
  }

  /** Removes its stored definition (virNodeDeviceUndefine). */
  async undefine(options?: CallOptions): Promise<void> {
    await this.#session.call('NODE_DEVICE_UNDEFINE', { name: this.name }, options);
  }

  /** Whether it exists now (virNodeDeviceIsActive). */
  async isActive(options?: CallOptions): Promise<boolean> {
    const args = { name: this.name };
    return (await this.#session.call('NODE_DEVICE_IS_ACTIVE', args, options)).active !== 0;
  }

  /** Whether it has a stored definition (virNodeDeviceIsPersistent). */
  async isPersistent(options?: CallOptions): Promise<boolean> {
    const args = { name: this.name };
    return (await this.#session.call('NODE_DEVICE_IS_PERSISTENT', args, options)).persistent !== 0;
  }

  /** Whether it is made when the host starts (virNodeDeviceGetAutostart). */
  async autostart(options?: CallOptions): Promise<boolean> {
    const args = { name: this.name };
    return (await this.#session.call('NODE_DEVICE_GET_AUTOSTART', args, options)).autostart !== 0;
  }

  /** Sets that (virNodeDeviceSetAutostart). */
  async setAutostart(autostart: boolean, options?: CallOptions): Promise<void> {
    const args = { name: this.name, autostart: autostart ? 1 : 0 };
    await this.#session.call('NODE_DEVICE_SET_AUTOSTART', args, options);
  }
}
