import type { CallOptions } from './pending-call.ts';
import type { Struct } from './schema.ts';
import type { Session } from './session.ts';

/** A set of rules for a guest's traffic. */
export class NwFilter {
  /** Its name when this object was made (virNWFilterGetName). */
  readonly name: string;
  /** What it is known by, also under another name (virNWFilterGetUUIDString). */
  readonly uuid: string;
  /** Its reference on the wire, for {@link Connection.call}. */
  readonly ref: Struct<'nwfilter'>;
  readonly #session: Session;

  /** Use {@link Connection.nwFilter} and its kin. */
  constructor(session: Session, ref: Struct<'nwfilter'>) {
    this.#session = session;
    this.ref = ref;
    this.name = ref.name;
    this.uuid = ref.uuid;
  }

  /** Its XML (virNWFilterGetXMLDesc). */
  async xml(options?: CallOptions): Promise<string> {
    return (await this.#session.call('NWFILTER_GET_XML_DESC', { nwfilter: this.ref }, options)).xml;
  }

  /** Removes it (virNWFilterUndefine). Invalid state while it is used. */
  async undefine(options?: CallOptions): Promise<void> {
    await this.#session.call('NWFILTER_UNDEFINE', { nwfilter: this.ref }, options);
  }
}

/** A filter in use on one of the host's network devices. */
export class NwFilterBinding {
  /** The device, e.g. `vnet0`. */
  readonly portDevice: string;
  /** The filter's name. */
  readonly filter: string;
  /** Its reference on the wire, for {@link Connection.call}. */
  readonly ref: Struct<'nwfilterBinding'>;
  readonly #session: Session;

  /** Use {@link Connection.nwFilterBinding} and its kin. */
  constructor(session: Session, ref: Struct<'nwfilterBinding'>) {
    this.#session = session;
    this.ref = ref;
    this.portDevice = ref.portDevice;
    this.filter = ref.filter;
  }

  /** Its XML (virNWFilterBindingGetXMLDesc). */
  async xml(options?: CallOptions): Promise<string> {
    const args = { nwfilter: this.ref };
    return (await this.#session.call('NWFILTER_BINDING_GET_XML_DESC', args, options)).xml;
  }

  /** Takes the filter off the device (virNWFilterBindingDelete). */
  async delete(options?: CallOptions): Promise<void> {
    await this.#session.call('NWFILTER_BINDING_DELETE', { nwfilter: this.ref }, options);
  }
}
