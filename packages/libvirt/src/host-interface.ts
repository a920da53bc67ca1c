import type { CallOptions } from './pending-call.ts';
import type { Struct } from './schema.ts';
import type { Session } from './session.ts';

/**
 * A network interface of the host, as its network configuration has it. Many daemons are built
 * without this part: unsupported then.
 */
export class HostInterface {
  /** Its name (virInterfaceGetName). */
  readonly name: string;
  /** Its MAC address (virInterfaceGetMACString). */
  readonly mac: string;
  /** Its reference on the wire, for {@link Connection.call}. */
  readonly ref: Struct<'hostInterface'>;
  readonly #session: Session;

  /** Use {@link Connection.interface} and its kin. */
  constructor(session: Session, ref: Struct<'hostInterface'>) {
    this.#session = session;
    this.ref = ref;
    this.name = ref.name;
    this.mac = ref.mac;
  }

  /** Its XML; `inactive` for the stored definition (virInterfaceGetXMLDesc). */
  async xml(options: CallOptions & { readonly inactive?: boolean } = {}): Promise<string> {
    const args = { interface: this.ref, flags: options.inactive ? 1 : 0 };
    return (await this.#session.call('INTERFACE_GET_XML_DESC', args, options)).xml;
  }

  /** Whether it is up (virInterfaceIsActive). */
  async isActive(options?: CallOptions): Promise<boolean> {
    const args = { interface: this.ref };
    return (await this.#session.call('INTERFACE_IS_ACTIVE', args, options)).active !== 0;
  }

  /** Brings it up (virInterfaceCreate). */
  async start(options?: CallOptions): Promise<void> {
    await this.#session.call('INTERFACE_CREATE', { interface: this.ref }, options);
  }

  /** Takes it down (virInterfaceDestroy). */
  async destroy(options?: CallOptions): Promise<void> {
    await this.#session.call('INTERFACE_DESTROY', { interface: this.ref }, options);
  }

  /** Removes its stored definition (virInterfaceUndefine). */
  async undefine(options?: CallOptions): Promise<void> {
    await this.#session.call('INTERFACE_UNDEFINE', { interface: this.ref }, options);
  }
}
