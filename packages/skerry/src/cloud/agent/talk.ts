// What the entities of an agent answer to people: to words, and to requests of their programs.
import { randomUUID } from 'node:crypto';
import { verbReply, type VerbReply } from '../bus/messages.ts';
import { acpParams, type AcpRequest, acpVerb } from '../chat/acp.ts';
import type { EntityAnswers } from '../chat/entity-session.ts';
import { chatAnswer, chatHelp, parseChat } from '../chat/parse-chat.ts';
import { permissionsOf } from '../permission/decide.ts';
import { VerbError } from '../verb-error.ts';
import { messageOf } from '../../util/message-of.ts';
import { needsCentral } from '../verbs/table.ts';
import type { Verb } from '../verbs/verb.ts';
import { subjectOf } from '../permission/denial.ts';
import { perform, type Performer } from './perform.ts';

const NOTHING: ReadonlySet<string> = new Set();
const STRANGER =
  "I'm sorry, I don't talk to people I don't know. Ask my administrator for the permission 'message'.";

export class Talk implements EntityAnswers {
  readonly #performer: Performer;
  readonly #signal: AbortSignal;
  readonly #askCentral: (body: object) => Promise<unknown>;

  /** @param askCentral for what central has to look at */
  constructor(
    performer: Performer,
    signal: AbortSignal,
    askCentral: (body: object) => Promise<unknown>,
  ) {
    this.#performer = performer;
    this.#signal = signal;
    this.#askCentral = askCentral;
  }

  /** Strangers are told nothing of the entity. */
  async chat(entityId: string, user: string, text: string): Promise<string> {
    const { table, entities } = this.#performer;
    const entity = entities.get(entityId);
    const policy = this.#performer.policy();
    const held = entity ? permissionsOf(policy, user, subjectOf(entity)) : NOTHING;
    const may = (permission: string): boolean => held.has('all') || held.has(permission);
    if (!entity || !may('message')) return STRANGER;
    const meaning = parseChat(table, entity.kind, text);
    switch (meaning.kind) {
      case 'help':
        return chatHelp(table, entity.kind, may);
      case 'answer':
        return meaning.text;
      case 'verb': {
        const { verb, params } = meaning;
        const reply = await this.#do(entityId, user, verb, params);
        if (!reply.ok) return `I can't: ${reply.error.message}`;
        return chatAnswer(verb, reply.result);
      }
      case 'yes':
      case 'no':
        return 'I asked nothing.';
      default:
        return `I don't understand "${text.slice(0, 100)}". Say help to hear what I can do for you.`;
    }
  }

  /** In Archipel's words. */
  async act(entityId: string, user: string, request: AcpRequest): Promise<VerbReply> {
    const { table, entities } = this.#performer;
    const entity = entities.get(entityId);
    const verb = entity && acpVerb(table, entity.kind, request);
    if (verb) return this.#do(entityId, user, verb, acpParams(verb, request.params));
    const message = `there is no '${request.action}' of ${request.module} here`;
    return { ok: false, error: new VerbError('not-found', message).toData() };
  }

  async #do(
    entity: string,
    user: string,
    wanted: Verb,
    params: Readonly<Record<string, unknown>>,
  ): Promise<VerbReply> {
    const { name: verb } = wanted;
    if (needsCentral(wanted))
      try {
        const request = { type: 'verb', entity, verb, params, user };
        return verbReply.parse(await this.#askCentral(request));
      } catch (error) {
        const message = `central has to look at that, and is not reached: ${messageOf(error)}`;
        return { ok: false, error: new VerbError('unreachable', message).toData() };
      }
    const by = { user, via: 'chat' as const };
    const request = { type: 'verb' as const, id: randomUUID(), verb, entity, params, by };
    return perform(this.#performer, request, this.#signal);
  }
}
