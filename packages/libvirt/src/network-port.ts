import type { CallOptions } from './pending-call.ts';
import type { Struct } from './schema.ts';
import type { Session } from './session.ts';

/** A place where a guest is plugged into a network. Its uuid is its identity. */
export class NetworkPort {
  /** What it is known by (virNetworkPortGetUUIDString). */
  readonly uuid: string;
  /** Its reference on the wire, for {@link Connection.call}. */
  readonly ref: Struct<'networkPort'>;
  readonly #session: Session;

  /** Use {@link Network.port} and its kin. */
  constructor(session: Session, ref: Struct<'networkPort'>) {
    this.#session = session;
    this.ref = ref;
    this.uuid = ref.uuid;
  }

  /** Its XML (virNetworkPortGetXMLDesc). */
  async xml(options?: CallOptions): Promise<string> {
    return (await this.#session.call('NETWORK_PORT_GET_XML_DESC', { port: this.ref }, options)).xml;
  }

  /** Removes it (virNetworkPortDelete). */
  async delete(options?: CallOptions): Promise<void> {
    await this.#session.call('NETWORK_PORT_DELETE', { port: this.ref }, options);
  }
}
