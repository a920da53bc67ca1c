// What central and an agent owe each other when they meet: who may do what, and what was done meanwhile.
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { BusConnection } from '../bus/bus.ts';
import { auditEntry } from '../bus/messages.ts';
import { LOGGED_MS, SLOW_MS } from '../verbs/verb.ts';
import type { Central } from './central.ts';

const RETRY_MS = 3000;

export class AgentSync {
  readonly #central: Central;
  readonly #bus: BusConnection;
  readonly #signal: AbortSignal;
  readonly #log: (line: string) => void;
  /** Agents that did not take something, until they are asked again. */
  readonly #waiting = new Set<string>();
  /** What was wrong with each; the same is said once. */
  readonly #wrong = new Map<string, string>();

  /** @param signal ends all that goes on */
  constructor(
    central: Central,
    bus: BusConnection,
    signal: AbortSignal,
    log: (line: string) => void,
  ) {
    this.#central = central;
    this.#bus = bus;
    this.#signal = signal;
    this.#log = log;
  }

  /** An agent that is back is told who may do what, and asked what was done meanwhile. */
  async catchUp(hypervisor: string): Promise<void> {
    const signal = this.#signal;
    try {
      await this.#central.leadership.leadOne(hypervisor);
      if (this.#central.leadership.isActing)
        await this.#bus.request(hypervisor, this.#policyWords, { signal });
      // What began before the last one may have ended after it; what is known is not noted twice.
      const { audit, asked } = this.#central;
      const now = Date.now();
      const last = Math.min(audit.lastOf(hypervisor), asked.firstOf(hypervisor));
      const since = Math.max(0, last - SLOW_MS);
      const missed = await this.#bus.request(hypervisor, { type: 'audit', since }, { signal });
      for (const entry of z.array(auditEntry).parse(missed)) {
        this.#central.note(entry);
        this.#central.follow(hypervisor, entry);
      }
      if (this.#central.leadership.isActing) asked.forgetBefore(hypervisor, now - LOGGED_MS);
      this.#wrong.delete(hypervisor);
    } catch (error) {
      await this.#again(hypervisor, error);
    }
  }

  /** An agent that is here and did not take something is asked again. One that comes back later is caught up then. */
  async #again(hypervisor: string, error: unknown): Promise<void> {
    if (this.#signal.aborted) return;
    const words = String(error);
    if (this.#wrong.get(hypervisor) !== words) this.#log(`${hypervisor}: ${words}`);
    this.#wrong.set(hypervisor, words);
    if (this.#waiting.has(hypervisor)) return;
    this.#waiting.add(hypervisor);
    await sleep(RETRY_MS, undefined, { signal: this.#signal }).catch(() => {});
    this.#waiting.delete(hypervisor);
    if (!this.#signal.aborted && this.#central.registry.isLive(hypervisor))
      void this.catchUp(hypervisor);
  }

  get #policyWords(): object {
    return {
      type: 'policy',
      policy: this.#central.policies.policy,
      term: this.#central.leadership.term,
    };
  }

  /** An agent that is on our bus alone gets to the other central's too. */
  async introduce(hypervisor: string): Promise<void> {
    const { pair } = this.#central;
    if (!pair?.isHeard) return;
    const membership = await pair.placeAtPeer(hypervisor);
    const signal = this.#signal;
    await this.#bus.request(
      hypervisor,
      { type: 'join', membership, term: this.#central.leadership.term },
      { signal },
    );
  }

  /** All that are here are told who may do what. */
  tellPolicy(): void {
    const signal = this.#signal;
    const body = this.#policyWords;
    for (const { hypervisor, live } of this.#central.registry.lamps())
      if (live)
        this.#bus
          .request(hypervisor, body, { signal })
          .catch((error: unknown) => this.#again(hypervisor, error));
  }
}
