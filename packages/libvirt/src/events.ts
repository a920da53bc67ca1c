import { type EventKind, eventKinds } from './event-decoders.ts';
import { EventQueue, type EventStream } from './event-queue.ts';
import type { ConnectionClosedError } from './errors.ts';
import type { EventOf, EventType, LibvirtEvent } from './event-types.ts';
import type { Packet } from './frame.ts';
import type { DebugHook, RpcClient } from './rpc-client.ts';

export interface EventOptions<T extends EventType = EventType> {
  /** Which events. Default: lifecycle, reboot, agent, device, job, metadata and network events. */
  readonly types?: readonly T[] | undefined;
  /** Only events of this domain. */
  readonly domain?: { readonly uuid: string } | undefined;
  /** Ends the subscription; a `for await` loop then ends normally. */
  readonly signal?: AbortSignal | undefined;
  /** Events kept for a slow reader; beyond that it gets a `resync` event instead. Default 10000. */
  readonly queueLimit?: number | undefined;
}

const defaultTypes = [
  'lifecycle',
  'reboot',
  'agent-lifecycle',
  'device-added',
  'device-removed',
  'job-completed',
  'block-job',
  'metadata',
  'network-lifecycle',
] as const satisfies readonly EventType[];

const register = {
  domain: 'CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY',
  network: 'CONNECT_NETWORK_EVENT_REGISTER_ANY',
  pool: 'CONNECT_STORAGE_POOL_EVENT_REGISTER_ANY',
  nodeDevice: 'CONNECT_NODE_DEVICE_EVENT_REGISTER_ANY',
  secret: 'CONNECT_SECRET_EVENT_REGISTER_ANY',
} as const;
const deregister = {
  domain: 'CONNECT_DOMAIN_EVENT_CALLBACK_DEREGISTER_ANY',
  network: 'CONNECT_NETWORK_EVENT_DEREGISTER_ANY',
  pool: 'CONNECT_STORAGE_POOL_EVENT_DEREGISTER_ANY',
  nodeDevice: 'CONNECT_NODE_DEVICE_EVENT_DEREGISTER_ANY',
  secret: 'CONNECT_SECRET_EVENT_DEREGISTER_ANY',
  monitor: 'QEMU_CONNECT_DOMAIN_MONITOR_EVENT_DEREGISTER',
} as const;

const EARLY_LIMIT = 10_000;

/** One registration in the daemon, shared by all listeners of that kind. */
interface Registration {
  readonly kind: EventKind;
  readonly listeners: Set<EventQueue>;
  /** Register and deregister calls of a kind run one after the other. */
  work: Promise<void>;
  /** 0 is a valid id. */
  callbackId: number | undefined;
  /** What came while the answer to our registration, with its id, was still on its way. */
  early: { callbackId: number; event: LibvirtEvent }[] | undefined;
}

/** Registers with the daemon and hands its messages to the listeners' queues. */
export class EventHub {
  #client: RpcClient;
  readonly #debug: DebugHook | undefined;
  readonly #byMessage: ReadonlyMap<string, Registration>;
  readonly #queues = new Set<EventQueue>();

  /** `closed` is the end of the whole connection, which may outlive its first client. */
  constructor(
    client: RpcClient,
    closed: Promise<ConnectionClosedError>,
    debug: DebugHook | undefined,
  ) {
    this.#client = client;
    this.#debug = debug;
    this.#byMessage = new Map(
      eventKinds.map((kind) => [
        messageKey(kind.program, kind.message),
        {
          kind,
          listeners: new Set(),
          work: Promise.resolve(),
          callbackId: undefined,
          early: undefined,
        },
      ]),
    );
    void this.#endWith(closed);
  }

  async #endWith(closed: Promise<ConnectionClosedError>): Promise<void> {
    const error = await closed;
    for (const queue of this.#queues) queue.end(error);
    this.#queues.clear();
  }

  /**
   * Registers anew with another client's daemon. Listeners are told first that they have missed
   * something; what they then ask waits until this is done, so nothing falls into a gap.
   */
  async moveTo(client: RpcClient): Promise<void> {
    this.#client = client;
    for (const queue of this.#queues)
      queue.push({ type: 'resync', reason: 'reconnected', dropped: 0 });
    const registrations = [...this.#byMessage.values()];
    for (const registration of registrations) registration.callbackId = undefined;
    await Promise.all(registrations.map((registration) => this.#settle(registration)));
  }

  /** Resolves when the daemon has all registrations, so nothing that follows is missed. */
  async subscribe<T extends EventType>(
    options: EventOptions<T>,
  ): Promise<EventStream<EventOf<T | 'resync'>>> {
    const { types = defaultTypes, domain, signal, queueLimit = 10_000 } = options;
    signal?.throwIfAborted();
    const wanted = new Set<EventType>(types);
    const registrations = [...this.#byMessage.values()].filter((r) => wanted.has(r.kind.type));
    const uuid = domain?.uuid;
    const wants = (event: LibvirtEvent): boolean =>
      uuid === undefined || !('domain' in event) || event.domain.uuid === uuid;
    const queue = new EventQueue(queueLimit, wants, async () => {
      signal?.removeEventListener('abort', onAbort);
      this.#queues.delete(queue);
      await Promise.all(registrations.map((r) => this.#leave(r, queue)));
    });
    const onAbort = (): void => void queue.close().catch(() => {});
    this.#queues.add(queue);
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      await Promise.all(registrations.map((r) => this.#join(r, queue)));
      if (this.#client.closeError !== undefined) throw this.#client.closeError;
    } catch (error) {
      await queue.close().catch(() => {});
      throw error;
    }
    return queue as unknown as EventStream<EventOf<T | 'resync'>>;
  }

  /** Takes a message from the wire. Returns false when it is not an event we know. */
  receive(packet: Packet): boolean {
    const registration = this.#byMessage.get(messageKey(packet.program, packet.procedure));
    if (registration === undefined) return false;
    try {
      const message = registration.kind.decode(packet.payload);
      if (registration.early === undefined) deliver(registration, message);
      else if (registration.early.length < EARLY_LIMIT) registration.early.push(message);
    } catch (error) {
      this.#debug?.('undecodable event', { procedure: packet.procedure, error });
    }
    return true;
  }

  /** The queue listens before we ask, because an event may overtake the answer. */
  #join(registration: Registration, queue: EventQueue): Promise<void> {
    registration.listeners.add(queue);
    return this.#settle(registration);
  }

  #leave(registration: Registration, queue: EventQueue): Promise<void> {
    registration.listeners.delete(queue);
    return this.#settle(registration);
  }

  /** Makes the daemon's side match ours, after what is already on its way. */
  #settle(registration: Registration): Promise<void> {
    const work = registration.work.then(() => this.#reconcile(registration));
    registration.work = work.catch(() => {});
    return work;
  }

  async #register({ family, id }: EventKind): Promise<number> {
    const answer =
      family === 'monitor'
        ? await this.#client.call('QEMU_CONNECT_DOMAIN_MONITOR_EVENT_REGISTER', undefined)
        : await this.#client.call(register[family], { eventId: id });
    return answer.callbackId;
  }

  async #reconcile(registration: Registration): Promise<void> {
    const { kind, listeners, callbackId } = registration;
    if (this.#client.closeError !== undefined) return;
    if (listeners.size > 0 && callbackId === undefined) {
      registration.early = [];
      try {
        registration.callbackId = await this.#register(kind);
        for (const message of registration.early) deliver(registration, message);
      } finally {
        registration.early = undefined;
      }
    } else if (listeners.size === 0 && callbackId !== undefined) {
      registration.callbackId = undefined;
      try {
        await this.#client.call(deregister[kind.family], { callbackId });
      } catch (error) {
        // Nobody listens any more, so nobody is helped by an error; late events have an unknown id.
        this.#debug?.('deregistration failed', { type: kind.type, error });
      }
    }
  }
}

/** Numbers of messages are unique within a program only. */
function messageKey(program: number, procedure: number): string {
  return `${program}/${procedure}`;
}

/** Hands an event to the listeners, unless it is a late one of a registration that is gone. */
function deliver(
  { listeners, callbackId }: Registration,
  message: { callbackId: number; event: LibvirtEvent },
): void {
  if (message.callbackId !== callbackId) return;
  for (const queue of listeners) queue.push(message.event);
}
