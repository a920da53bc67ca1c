// One request to the agent: whether it may be, whether it makes sense, the doing, and the note of it.
import type { Connection } from '@skerry/libvirt';
import { auditParams, audited } from '../audited.ts';
import { shoutOf } from '../chat/parse-chat.ts';
import type { AuditEntry, BegunEntry, VerbReply, VerbRequest } from '../bus/messages.ts';
import {
  type EntityState,
  hypervisorId,
  type HypervisorState,
  type Task,
  type VmState,
} from '../entity.ts';
import { decide, type Subject } from '../permission/decide.ts';
import { denialOf, refuseGain, subjectOf } from '../permission/denial.ts';
import type { Policy } from '../permission/policy.ts';
import { VerbError } from '../verb-error.ts';
import { isMaking, madeBy } from '../verbs/made-by.ts';
import { isPossible, type VerbTable } from '../verbs/table.ts';
import { parseParams } from '../verbs/parse-params.ts';
import { QUICK_MS, SLOW_MS, type Verb } from '../verbs/verb.ts';
import type { Entities } from './entities.ts';
import type { UnusedVolumes } from './unused-volumes.ts';
import type { AgentSettings, Handler, OtherHost } from './verbs/handler.ts';

export interface Performer {
  readonly table: VerbTable;
  readonly handlers: ReadonlyMap<Verb, Handler>;
  readonly entities: Entities;
  readonly volumes: UnusedVolumes;
  readonly settings: AgentSettings;
  policy(): Policy;
  /** The connection to libvirt; undefined while there is none. */
  connection(): Connection | undefined;
  hypervisor(): HypervisorState;
  refresh(uuid: string): Promise<void>;
  /** Before something is done: it is in the log then whatever happens. */
  begin(entry: BegunEntry): Promise<void>;
  note(entry: AuditEntry): void;
  /** Tells all who know an entity of ours what it says: Archipel's shout. */
  say(entity: string, text: string): void;
}

/**
 * Does a verb for somebody. Never throws: what went wrong is the reply.
 *
 * @param signal ends it
 * @param waiting ends with whoever waits for the answer: what only reads ends with it. What changes something is done to its end,
 * whether central is still there or not.
 */
export async function perform(
  performer: Performer,
  request: VerbRequest,
  signal: AbortSignal,
  waiting: AbortSignal = signal,
): Promise<VerbReply> {
  const { id, entity: about, verb, by, params } = request;
  const entity = performer.entities.get(about);
  const hypervisor = performer.hypervisor().name;
  const asked = { id, entity: about, name: entity?.name ?? about, hypervisor, verb, by };
  return audited(
    { ...asked, params },
    (entry) => performer.note(entry),
    async (say) => {
      const result = await attempt(performer, request, entity, {
        ...{ signal, waiting },
        begin: () => performer.begin({ ...asked, at: Date.now(), params: auditParams(params) }),
      });
      const made = madeBy({ name: verb }, result);
      // Whoever asked may not hear the answer: central knows by this whose it is.
      if (made !== undefined) say({ made });
      return result;
    },
  );
}

async function attempt(
  performer: Performer,
  request: VerbRequest,
  entity: EntityState | undefined,
  {
    signal: stop,
    waiting,
    begin,
  }: {
    readonly signal: AbortSignal;
    readonly waiting: AbortSignal;
    readonly begin: () => Promise<void>;
  },
): Promise<unknown> {
  const host = performer.hypervisor().name;
  if (!entity) throw new VerbError('not-found', `${request.entity} is not on ${host}`);
  const verb = performer.table.get(entity.kind, request.verb);
  if (verb?.runs !== 'agent')
    throw new VerbError('invalid', `a ${entity.kind} has no verb '${request.verb}'`);
  refuseWhoMayNot(performer, request, entity, verb);
  const params = parseParams(verb, request.params);
  refuseWhatCannotBe(performer, entity, verb);
  const handler = performer.handlers.get(verb);
  const connection = performer.connection();
  if (!handler) throw new VerbError('failed', `this agent cannot do '${verb.name}'`);
  if (!connection)
    throw new VerbError('unreachable', `the agent on ${host} does not reach libvirt at the moment`);
  const deadline = AbortSignal.timeout(verb.slow ? SLOW_MS : QUICK_MS);
  const ends = verb.danger === 'reads' ? [stop, waiting, deadline] : [stop, deadline];
  const signal = AbortSignal.any(ends);
  const context = {
    connection,
    entities: performer.entities,
    volumes: performer.volumes,
    hypervisor: performer.hypervisor(),
    id: request.id,
    by: request.by,
    signal,
    settings: performer.settings,
    refresh: (uuid: string) => performer.refresh(uuid),
    mayOnHost: (permission: string, other?: OtherHost) => {
      const subject = other
        ? { id: hypervisorId(other.name), hypervisor: other.name, tags: other.tags }
        : subjectOf(performer.hypervisor());
      return decide(performer.policy(), request.by.user, permission, subject).allowed;
    },
    refuseGain: (as: Partial<Subject>) =>
      refuseGain(performer.policy(), request.by.user, subjectOf(entity), entity.name, as),
    progress: (note: string, progress: number | null = null) =>
      setTask(performer, entity, { ...taskOf(request), note, progress }),
  };
  const isShown = verb.danger !== 'reads' && !verb.programs && verb.stops === undefined;
  if (isShown) setTask(performer, entity, taskOf(request));
  try {
    if (isShown) await begin();
    const result =
      handler.kind === 'vm'
        ? await handler.run(
            {
              ...context,
              vm: entity as VmState,
              domain: await connection.domainByUuid((entity as VmState).uuid, { signal }),
            },
            params as never,
          )
        : await handler.run(context, params as never);
    // Whoever asks for the next verb finds what this one has made of it.
    if (isShown && entity.kind === 'vm') await performer.refresh(entity.uuid);
    const parsed = verb.result.parse(result);
    if (isShown) {
      const lastChange = { verb: request.verb, by: request.by.user, at: Date.now() };
      performer.entities.patch(entity.id, { lastChange });
      performer.say(entity.id, shoutOf(inPublic(verb), parsed, request.by.user));
    }
    return parsed;
  } finally {
    if (isShown) endTask(performer, entity, request);
  }
}

/** What a machine that is made is called, not all may know who see what it was made on, or of. */
function inPublic(verb: Verb): Verb {
  const { chat: _, ...silent } = verb;
  return isMaking(verb) ? silent : verb;
}

function refuseWhoMayNot(
  performer: Performer,
  { by }: VerbRequest,
  entity: EntityState,
  verb: Verb,
): void {
  const denial = denialOf(performer.policy(), by.user, entity, verb);
  if (denial) throw denial;
}

function refuseWhatCannotBe(performer: Performer, entity: EntityState, verb: Verb): void {
  if (!isPossible(verb, entity)) {
    if (verb.stops !== undefined)
      throw new VerbError('conflict', `nothing of the kind is being done to ${entity.name}`);
    const state = entity.kind === 'vm' ? entity.state : '';
    const needs = verb.states?.join(' or ') ?? '';
    throw new VerbError(
      'conflict',
      `${entity.name} is ${state}: to ${verb.title.toLowerCase()} it must be ${needs}`,
    );
  }
  const now = performer.entities.get(entity.id)?.task;
  if (now && verb.danger !== 'reads' && !isUrgent(verb))
    throw new VerbError(
      'conflict',
      `${entity.name} is busy: ${now.by} started '${now.verb}'${now.note && ` (${now.note})`}`,
    );
}

/** What must be possible also while something else is being done to a machine. */
function isUrgent(verb: Verb): boolean {
  const isStop = verb.stops !== undefined;
  return isStop || verb.name === 'destroy' || verb.name === 'suspend' || verb.programs === true;
}

function taskOf({ id, verb, by }: VerbRequest): Task {
  return { id, verb, by: by.user, startedAt: Date.now(), progress: null, note: '' };
}

function setTask({ entities }: Performer, entity: EntityState, task: Task): void {
  const before = entities.get(entity.id)?.task;
  const startedAt = before?.id === task.id ? before.startedAt : task.startedAt;
  entities.patch(entity.id, { task: { ...task, startedAt } });
}

function endTask({ entities }: Performer, entity: EntityState, { id }: VerbRequest): void {
  if (entities.get(entity.id)?.task?.id === id) entities.patch(entity.id, { task: null });
}
