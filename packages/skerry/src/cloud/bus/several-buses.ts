// An agent's place on the buses of several centrals: each central has one of its own. What the agent publishes goes to all.
import {
  type Address,
  type BusConnection,
  BusError,
  type Follower,
  type RequestHandler,
  type RequestOptions,
} from './bus.ts';
import { OWN_ADDRESS } from '../entity.ts';

export class SeveralBuses implements BusConnection {
  readonly address: Address;
  readonly #buses = new Map<string, BusConnection>();
  #handler: RequestHandler | undefined;

  constructor(address: Address) {
    this.address = address;
  }

  /** The centrals whose buses it is on. */
  get centrals(): string[] {
    return [...this.#buses.keys()];
  }

  get connected(): boolean {
    return [...this.#buses.values()].some(({ connected }) => connected);
  }

  /** From now on it is on that central's bus too; one that it was on before is left. */
  async add(central: string, bus: BusConnection): Promise<void> {
    const before = this.#buses.get(central);
    this.#buses.set(central, bus);
    if (this.#handler) this.#serveOn(central, bus, this.#handler);
    await before?.[Symbol.asyncDispose]();
  }

  async remove(central: string): Promise<void> {
    const bus = this.#buses.get(central);
    this.#buses.delete(central);
    await bus?.[Symbol.asyncDispose]();
  }

  /** Asks a central by its name; empty where there is but one. @throws BusError */
  ask(central: string, body: unknown, options?: RequestOptions): Promise<unknown> {
    const only = this.#buses.size === 1 ? [...this.#buses.values()][0] : undefined;
    const bus = this.#buses.get(central) ?? only;
    if (bus) return bus.request(OWN_ADDRESS, body, options);
    return Promise.reject(new BusError('unreachable', 'no central is known that acts here'));
  }

  /** Several centrals have the same address, each on its own bus: nobody knows who is meant. */
  async request(to: Address): Promise<never> {
    throw new BusError('unreachable', `${to} is not asked by those who are on several buses`);
  }

  serve(handler: RequestHandler): void {
    this.#handler = handler;
    for (const [central, bus] of this.#buses) this.#serveOn(central, bus, handler);
  }

  publish(publication: Parameters<BusConnection['publish']>[0]): void {
    for (const bus of this.#buses.values()) bus.publish(publication);
  }

  follow(follower: Follower): void {
    for (const bus of this.#buses.values()) bus.follow(follower);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const buses = [...this.#buses.values()];
    this.#buses.clear();
    await Promise.all(buses.map((bus) => bus[Symbol.asyncDispose]()));
  }

  #serveOn(central: string, bus: BusConnection, handler: RequestHandler): void {
    bus.serve((body, { address }, signal) => handler(body, { address, bus: central }, signal));
  }
}
