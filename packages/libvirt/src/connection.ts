import { EventHub, type EventOptions } from './events.ts';
import type { EventStream } from './event-queue.ts';
import type { EventOf, EventType } from './event-types.ts';
import type { ConnectionClosedError } from './errors.ts';
import type { Packet } from './frame.ts';
import { HostResources } from './host-resources.ts';
import type { CallOptions } from './pending-call.ts';
import type { Procedure, ProcedureResult } from './procedures.ts';
import type { Link } from './reconnect.ts';
import type { CallArgs, RpcClient } from './rpc-client.ts';
import type { OpenStreamOptions } from './session.ts';
import type { LibvirtStream, StreamOptions } from './stream.ts';

/** How a connection makes another one like itself. */
export interface Redial {
  connect(): Promise<Connection>;
  /** A bare connection for a stream, which may be left unread for long. */
  stream(options: CallOptions): Promise<RpcClient>;
}

const CLOSED_MESSAGE = 362;
const closeReasons = ['error', 'end of file', 'keepalive timeout', 'client'];

/** An open connection to a libvirt daemon. Make one with `connect()`. */
export class Connection extends HostResources implements AsyncDisposable {
  readonly #link: Link;
  readonly #events: EventHub;
  readonly #redial: Redial;
  readonly #streamClients = new Set<RpcClient>();

  /** Use `connect()`. */
  constructor(link: Link, events: EventHub, redial: Redial) {
    super();
    this.#link = link;
    this.#redial = redial;
    this.#events = events;
    link.onMessage = (packet) => this.#receive(packet);
  }

  /** Settles, never rejects, with the reason when the connection is gone. */
  get closed(): Promise<ConnectionClosedError> {
    return this.#link.closed;
  }

  /** Whether it is gone for good, by {@link Connection.close} or because it was lost. */
  get isClosed(): boolean {
    return this.#link.closeError !== undefined;
  }

  /**
   * Calls a procedure by libvirt's name, e.g. `call('DOMAIN_GET_INFO', { domain: domain.ref })`.
   * 64-bit values are bigint. At most four calls run at once, others wait their turn. Rejects with
   * LibvirtError (the daemon's), TimeoutError, ConnectionClosedError or the signal's reason.
   */
  override call<P extends Procedure>(
    name: P,
    args: CallArgs<P>,
    options?: CallOptions,
  ): Promise<ProcedureResult<P>> {
    return this.#link.call(name, args, options);
  }

  /**
   * Opens a stream procedure on a connection of its own, so that a slow reader stops nobody else.
   * The connection ends with the stream.
   */
  override async openStream<P extends Procedure>(
    name: P,
    args: CallArgs<P>,
    kind: StreamOptions['kind'],
    options: OpenStreamOptions = {},
  ): Promise<{ stream: LibvirtStream; result: ProcedureResult<P> }> {
    if (this.#link.closeError !== undefined) throw this.#link.closeError;
    const client = await this.#redial.stream(options);
    try {
      const opened = await client.openStream(name, args, kind, options);
      this.#streamClients.add(client);
      opened.stream.once('close', () => {
        this.#streamClients.delete(client);
        void client.close();
      });
      return opened;
    } catch (error) {
      void client.close();
      throw error;
    }
  }

  /**
   * Another connection with the same settings: for slow calls (guest agent, save, migrate), which
   * would otherwise fill this one's four slots. Takes about a millisecond.
   */
  dup(): Promise<Connection> {
    return this.#redial.connect();
  }

  /**
   * Subscribes to events; resolves when the daemon has noted it, so nothing after that is missed.
   * An event may arrive before the reply of the call that caused it. When the connection is lost
   * the loop throws ConnectionClosedError; with the option `reconnect` it goes on, and a `resync`
   * event says when to list again what you track.
   */
  async events<T extends EventType = EventType>(
    options: EventOptions<T> = {},
  ): Promise<EventStream<EventOf<T | 'resync'>>> {
    await this.#link.ready({ signal: options.signal });
    return this.#events.subscribe(options);
  }

  /**
   * Closes, and destroys its streams. Pending and later calls reject with ConnectionClosedError.
   * Never fails.
   */
  async close(): Promise<void> {
    const clients = [this.#link, ...this.#streamClients];
    await Promise.all(clients.map((client) => client.close()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #receive(packet: Packet): void {
    if (this.#events.receive(packet)) return;
    if (packet.procedure === CLOSED_MESSAGE) {
      const reason = packet.payload.length >= 4 ? packet.payload.readInt32BE(0) : -1;
      this.#link.fail(`the hypervisor's side ended (${closeReasons[reason] ?? reason})`);
    }
  }
}
