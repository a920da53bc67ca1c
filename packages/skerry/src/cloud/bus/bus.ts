// The bus: what central and the agents need of each other, and no more. Two implementations pass one contract suite
// (test/support/bus-contract.ts): `local`, all in one process, and `xmpp`, over ejabberd.
import type { Publication } from './messages.ts';

/** Somebody on the bus: `central`, `central-2`, or the name of a hypervisor. */
export type Address = string;

export interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
  /** How long an answer may take. Default: 30 s. */
  readonly timeoutMs?: number | undefined;
}

/** The name a bus gives whoever sends: nobody can send in another's name. */
export interface Sender {
  readonly address: Address;
  /** For whoever is on several buses: the central whose bus it came over. */
  readonly bus?: string;
}

/** Answers a request; what it throws the other side gets as a {@link BusError} with the same message. */
export type RequestHandler = (body: unknown, from: Sender, signal: AbortSignal) => Promise<unknown>;

/**
 * One's place on the bus. Requests to one address arrive in the order in which they were sent, and so do publications
 * of one address; between the two there is no order. While a connection is being mended, what is published waits and is
 * sent after it; what cannot be kept is told by a gap in the numbers (see {@link Publication}).
 */
export interface BusConnection extends AsyncDisposable {
  readonly address: Address;
  /** Whether it is connected now. A local one always is. */
  readonly connected: boolean;
  /**
   * Asks one other and waits for its answer. Both sides are JSON.
   * @throws BusError `unreachable` when it is not there, `timeout`, or `refused` with its message.
   */
  request(to: Address, body: unknown, options?: RequestOptions): Promise<unknown>;
  /** Who answers requests to this address; one for each connection. */
  serve(handler: RequestHandler): void;
  /** Tells all who follow this address. Never waits. */
  publish(publication: Publication): void;
  /**
   * Hears what every other address publishes, and who is there: at first all who are there now, then each that comes or
   * goes. `publication` is not checked yet.
   */
  follow(follower: Follower): void;
}

export interface Follower {
  onPublication(from: Address, publication: unknown): void;
  /** `here` is said again where what it published may have been lost: whoever follows it then asks for its state. */
  onPresence(address: Address, presence: Presence): void;
}

export type Presence = 'here' | 'gone';

/** Why a request has no answer. */
export class BusError extends Error {
  override readonly name = 'BusError';
  readonly code: 'unreachable' | 'timeout' | 'refused' | 'closed';
  constructor(code: BusError['code'], message: string) {
    super(message);
    this.code = code;
  }
}
