// Does verbs for people: what central does itself here, the rest on the agent of the entity, which checks again.
import { randomUUID } from 'node:crypto';
import { denialOf, subjectOf } from '../permission/denial.ts';
import { parseParams } from '../verbs/parse-params.ts';
import { audited } from '../audited.ts';
import { type BusConnection, BusError } from '../bus/bus.ts';
import { type Actor, type AuditEntry, verbReply, type VerbReply } from '../bus/messages.ts';
import { type EntityState, hypervisorOf, isOn, vmId } from '../entity.ts';
import { CENTRAL, decide } from '../permission/decide.ts';
import { toVerbError, VerbError } from '../verb-error.ts';
import { isMaking, madeBy } from '../verbs/made-by.ts';
import { LOGGED_MS, QUICK_MS, SLOW_MS, type Verb } from '../verbs/verb.ts';
import type { AskedRequest } from './asked.ts';
import type { Central, Target } from './central.ts';
import { isElsewhere } from './is-elsewhere.ts';
import { refuseTwin, type SeenPlaces, withTarget } from './place-verb.ts';
import type { CentralContext } from './verbs/context.ts';
import { centralHandlers } from './verbs/handlers.ts';

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
    if (hasConsequences(verb, target, by)) {
      const { id: entity } = target;
      this.#central.asked.add({ id, hypervisor, verb: verb.name, entity, user: by.user });
      // Whoever acts when it is done knows whose it is.
      await this.#central.pair?.settle();
    }
    try {
      const timeoutMs = verb.slow ? SLOW_MS : QUICK_MS;
      const answer = await this.#bus.request(hypervisor, request, { signal, timeoutMs });
      const reply = verbReply.parse(answer);
      // Before it is asked whether the machine is elsewhere as well.
      if (reply.ok && target.kind === 'vm' && verb.danger !== 'reads')
        this.#central.parking.seen(target.uuid, hypervisor);
      const made = reply.ok ? madeBy(verb, reply.result) : undefined;
      this.follow(hypervisor, { id, outcome: reply.ok ? 'done' : 'failed', made });
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
      async (note) => {
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
        const say = (message: string): void => note({ message });
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

  /**
   * Does what follows from a request that an agent has done, once: by its answer, or by its log where that was not heard.
   *
   * @param hypervisor whose agent says so
   */
  follow(hypervisor: string, done: Pick<AuditEntry, 'id' | 'outcome' | 'made'>): void {
    const { asked, leadership } = this.#central;
    const request = leadership.isActing ? asked.get(done.id) : undefined;
    if (request?.hypervisor !== hypervisor) return;
    if (done.outcome === 'done') {
      const isMade = isMaking({ name: request.verb });
      // An agent of before does not note what it made; its answer says it.
      if (isMade && done.made === undefined) return;
      this.#after(request, isMade ? done.made : undefined);
    }
    asked.remove(done.id);
  }

  #after({ hypervisor, entity, user }: AskedRequest, made: string | undefined): void {
    const { parking, policies, schedule } = this.#central;
    const id = made === undefined ? entity : vmId(made);
    const uuid = id.slice('vm:'.length);
    // It was there until now: what was kept of it while that was not known is of the past.
    if (made === undefined) parking.seen(uuid, hypervisor);
    // What is elsewhere as well is somebody's, and stays so.
    if (isElsewhere(this.#central, uuid, hypervisor)) return;
    if (made !== undefined) policies.giveTo(user, id);
    else {
      policies.dropEntity(id);
      schedule.dropEntity(id);
    }
  }
}

/** Whether it makes a machine, or takes one away. What central asks for by itself was parked, and is whose it was. */
function hasConsequences({ name }: Verb, target: EntityState, { via }: Actor): boolean {
  if (via === 'system') return false;
  if (target.kind === 'hypervisor') return isMaking({ name });
  // One that runs on goes when it stops, and is its owner's until then.
  return isMaking({ name }) || name === 'free' || (name === 'undefine' && !isOn(target));
}
