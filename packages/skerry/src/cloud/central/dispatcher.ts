// Does verbs for people: what central does itself here, the rest on the agent of the entity, which checks again.
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { denialOf, subjectOf } from '../permission/denial.ts';
import { parseParams } from '../verbs/parse-params.ts';
import { audited } from '../audited.ts';
import { type BusConnection, BusError } from '../bus/bus.ts';
import { type Actor, verbReply, type VerbReply } from '../bus/messages.ts';
import { type EntityState, hypervisorOf, isOn, vmId } from '../entity.ts';
import { CENTRAL, decide } from '../permission/decide.ts';
import { toVerbError, VerbError } from '../verb-error.ts';
import { QUICK_MS, SLOW_MS, type Verb } from '../verbs/verb.ts';
import type { Central, Target } from './central.ts';
import { isElsewhere } from './is-elsewhere.ts';
import { refuseTwin, type SeenPlaces, withTarget } from './place-verb.ts';
import type { CentralContext } from './verbs/context.ts';
import { centralHandlers } from './verbs/handlers.ts';

/** By then what was asked for is in the log, also where its agent was away for a while. */
const LOGGED_MS = 2 * SLOW_MS;

/** Verbs that make a machine: it is theirs who asked. */
const MAKING = new Set(['alloc', 'clone']);

export interface PerformOptions {
  /** Names the request; whoever has none gets one. */
  readonly id?: string;
  readonly signal?: AbortSignal;
  /** Names the login by which it was asked for; see Users.sessionOf. */
  readonly session?: string;
}

export class Dispatcher {
  readonly #central: Central;
  readonly #bus: BusConnection;
  readonly #stop: AbortSignal;
  /** Of requests that may not be in the log yet. */
  readonly #ids = new Set<string>();

  /** @param stop ends all that goes on */
  constructor(central: Central, bus: BusConnection, stop: AbortSignal) {
    this.#central = central;
    this.#bus = bus;
    this.#stop = stop;
  }

  /** Does a verb for somebody. Never throws. */
  async perform(
    target: Target,
    verbName: string,
    params: unknown,
    by: Actor,
    options: PerformOptions = {},
  ): Promise<VerbReply> {
    const { id = randomUUID(), signal, session } = options;
    const { leadership, pair } = this.#central;
    const kind = target === 'central' ? 'central' : target.kind;
    const verb = this.#central.table.get(kind, verbName);
    // Nothing is noted of it: its id is that of the request before, which has a line of its own in the log.
    if (options.id !== undefined && !this.#takeId(options.id)) {
      const words = `there was a request with the id ${id} already`;
      return { ok: false, error: new VerbError('conflict', words).toData() };
    }
    try {
      if (!verb) throw new VerbError('invalid', `a ${kind} has no verb '${verbName}'`);
      // What a standby knows it tells; it does nothing.
      if (verb.runs === 'agent' || verb.danger !== 'reads') leadership.check();
      // What changes something is done to its end, also when nobody waits for the answer any more.
      const ends = [this.#stop, ...(signal && verb.danger === 'reads' ? [signal] : [])];
      if (leadership.isActing) ends.push(leadership.signal);
      const until = AbortSignal.any(ends);
      const reply = await (verb.runs === 'agent' && target !== 'central'
        ? this.forward(target, verb, params, by, id, until)
        : this.#performHere(verb, params, { target, by, id, session, signal: until }));
      // What somebody is told is done, the standby knows too.
      await pair?.settle();
      return reply;
    } catch (thrown) {
      const error = toVerbError(thrown);
      const isAsked = verb?.runs === 'agent' && target !== 'central';
      const { code } = error;
      // What may have got to the agent is in its own log; what has not is noted here.
      const isOurs = code === 'conflict' || code === 'not-found' || code === 'invalid';
      const isNoted = code === 'denied' || (isOurs && verb?.danger !== 'reads');
      if (!isAsked || !isNoted || !leadership.isActing) return { ok: false, error: error.toData() };
      const { id: entity, name } = target;
      return audited(
        { id, entity, name, hypervisor: '', verb: verb.name, by, params },
        (entry) => this.#central.note(entry),
        () => Promise.reject(error),
      );
    }
  }

  /** False for an id of before: what is asked for by that would not be in the log. */
  #takeId(id: string): boolean {
    if (this.#ids.has(id) || this.#central.audit.has(id)) return false;
    this.#ids.add(id);
    setTimeout(() => this.#ids.delete(id), LOGGED_MS).unref();
    return true;
  }

  /** Passes a verb on to the agent of an entity, which checks it again. @throws VerbError */
  async forward(
    target: EntityState,
    verb: Verb,
    params: unknown,
    by: Actor,
    id: string,
    signal: AbortSignal,
  ): Promise<VerbReply> {
    const hypervisor = hypervisorOf(target);
    // Before anything is said of what is elsewhere; the agent's copy of the policy may be older, too.
    const denial = denialOf(this.#central.policies.policy, by.user, target, verb);
    if (denial) throw denial;
    const places = this.#placesFor(by.user);
    refuseTwin(verb, params, places);
    const token =
      verb.name === 'console' ? this.#central.consoleToken?.(by.user, target.id) : undefined;
    const given =
      token === undefined
        ? withTarget(verb, target, params, places)
        : { ...(params as object), streamUrl: this.#streamUrl(token) };
    const { term } = this.#central.leadership;
    const asked = { id, verb: verb.name, entity: target.id, params: given, by };
    const request = { type: 'verb', ...asked, term };
    try {
      const timeoutMs = verb.slow ? SLOW_MS : QUICK_MS;
      const answer = await this.#bus.request(hypervisor, request, { signal, timeoutMs });
      const reply = verbReply.parse(answer);
      if (reply.ok) this.#after(target, verb, reply.result, by);
      return reply.ok && token !== undefined ? { ok: true, result: { token } } : reply;
    } catch (error) {
      if (!(error instanceof BusError)) throw error;
      const code = error.code === 'timeout' ? 'timeout' : 'unreachable';
      const message = `the agent on ${hypervisor} cannot be reached: ${error.message}`;
      throw new VerbError(error.code === 'refused' ? 'failed' : code, message);
    }
  }

  #performHere(
    verb: Verb,
    params: unknown,
    request: Omit<CentralContext, 'central' | 'say'>,
  ): Promise<VerbReply> {
    const { target, by, id } = request;
    const subject = target === 'central' ? CENTRAL : subjectOf(target);
    const { id: entity, hypervisor } = subject;
    const name = target === 'central' ? 'central' : target.name;
    return audited(
      { id, entity, name, hypervisor, verb: verb.name, by, params },
      // Whoever looks at what is their own does nothing that others ask about.
      (entry) => (verb.open && verb.danger === 'reads') || this.#central.note(entry),
      async (say) => {
        const decision = decide(this.#central.policies.policy, by.user, verb.permission, subject);
        if (!decision.allowed && !verb.open)
          throw new VerbError(
            'denied',
            `${by.user} may not do that (${verb.title}): ${decision.because}`,
            {
              permission: verb.permission,
              ...(target === 'central' && {
                hint: `an administrator does it, or grants it: skerry cloud grant set user:${by.user} all --permissions ${verb.permission}`,
              }),
            },
          );
        const handler = centralHandlers.get(verb.name);
        if (!handler) throw new VerbError('failed', `central cannot do '${verb.name}'`);
        const parsed = parseParams(verb, params);
        const result = await handler({ central: this.#central, ...request, say }, parsed as never);
        return verb.result.parse(result);
      },
    );
  }

  /** What somebody may hear of when a verb cannot be done. */
  #placesFor(user: string): SeenPlaces {
    const central = this.#central;
    return {
      ...central.places,
      isSeen: (entity) => central.permissions(user, entity).size > 0,
    };
  }

  #streamUrl(token: string): string {
    return `${this.#central.streamBase.replace(/^http/, 'ws')}/api/v1/agent-stream?token=${token}`;
  }

  /** What follows from a verb that an agent has done. */
  #after(target: EntityState, verb: Verb, result: unknown, by: Actor): void {
    const made = z.object({ uuid: z.string() }).safeParse(result);
    const isBySystem = by.via === 'system';
    const here = hypervisorOf(target);
    // Before it is asked whether the machine is elsewhere as well.
    if (target.kind === 'vm' && verb.danger !== 'reads')
      this.#central.parking.seen(target.uuid, here);
    // What was parked is whose it was; what is elsewhere as well is somebody's already.
    if (MAKING.has(verb.name) && made.success && !isBySystem)
      if (!isElsewhere(this.#central, made.data.uuid, here))
        this.#central.policies.giveTo(by.user, vmId(made.data.uuid));
    const isGone = verb.name === 'free' || (verb.name === 'undefine' && !isBySystem);
    // One that runs on goes when it stops, and is its owner's until then.
    if (
      isGone &&
      target.kind === 'vm' &&
      !(verb.name === 'undefine' && isOn(target)) &&
      !isElsewhere(this.#central, target.uuid, here)
    ) {
      this.#central.policies.dropEntity(target.id);
      this.#central.schedule.dropEntity(target.id);
    }
  }
}
