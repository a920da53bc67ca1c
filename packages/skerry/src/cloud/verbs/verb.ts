// What a verb is. One table of them (table.ts) drives what the agent accepts, the REST routes and their OpenAPI, the CLI,
// the UI's buttons and forms, the words of the chat, and the reference page.
import type { z } from 'zod';
import type { VmPower } from '../entity.ts';

/** How long a verb may take. */
export const QUICK_MS = 60_000;
/** The same for one that is {@link Verb.slow}, and for what is said in words, which may be that. */
export const SLOW_MS = 3_600_000;
/** By then what was asked for is in its agent's log, also where it was away for a while. */
export const LOGGED_MS = 2 * SLOW_MS;

/** What a verb is for. */
export type EntityKind = 'vm' | 'hypervisor' | 'central';

/**
 * What a verb does to what is there: it only `reads`; it `changes` something that can be changed back; it `disrupts`
 * what runs; it `destroys` what is then gone. The last two are asked for twice.
 */
export type Danger = 'reads' | 'changes' | 'disrupts' | 'destroys';

export interface Chat {
  /** Sentences that mean it, in small letters; the first is the one that help shows. */
  readonly words: readonly string[];
  /** The parameters that further words give, in their order; the last one takes all that is left. */
  readonly takes?: readonly string[];
  /** What the entity answers when it is done. */
  readonly says: string;
}

export interface Verb<
  Params extends z.ZodObject = z.ZodObject,
  Result extends z.ZodType = z.ZodType,
> {
  /** Archipel's name of it, unique among those of its kind of entity. */
  readonly name: string;
  readonly entity: EntityKind;
  /** The word of the CLI, `skerry vm COMMAND`, where people know it by another name. */
  readonly command: string;
  /** A button's text. */
  readonly title: string;
  /** One sentence without a full stop, as in help. */
  readonly summary: string;
  readonly params: Params;
  readonly result: Result;
  /** Archipel's name of the permission; one may be shared by several verbs. */
  readonly permission: string;
  readonly danger: Danger;
  /** Who does it: the entity's agent, or central. */
  readonly runs: 'agent' | 'central';
  /** The states of a machine in which it makes sense; all, if it is not given. */
  readonly states?: readonly VmPower[];
  /** It stops this verb, and makes sense only while that is under way. */
  readonly stops?: string;
  /** What the machine is doing from the click until its new state is known: `starting`. */
  readonly pending?: string;
  /** What the CLI says instead of `done`, where its agent has only asked for it. */
  readonly outcome?: string;
  readonly chat?: Chat;
  /** The parameters that the CLI takes as words after the command, in their order; the others are options. */
  readonly takes?: readonly string[];
  /** Whoever is logged in may ask: it is about themselves, or its handler looks who may what of it. */
  readonly open?: boolean;
  /** It takes long: callers wait for minutes, and its progress is shown. */
  readonly slow?: boolean;
  /** Not for the CLI, chat or forms: what only a program can use (a console's stream). */
  readonly programs?: boolean;
}

/** A verb with its parameters' and its result's types kept. */
export function defineVerb<Params extends z.ZodObject, Result extends z.ZodType>(
  verb: Omit<Verb<Params, Result>, 'command' | 'runs'> &
    Partial<Pick<Verb<Params, Result>, 'command' | 'runs'>>,
): Verb<Params, Result> {
  return { command: verb.name.replaceAll('_', '-'), runs: 'agent', ...verb };
}
