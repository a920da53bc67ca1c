import { z } from 'zod';
import type { Verb } from './verb.ts';

/** Verbs that make a machine: it is theirs who asked. */
const MAKING = new Set(['alloc', 'clone']);

export function isMaking({ name }: Pick<Verb, 'name'>): boolean {
  return MAKING.has(name);
}

/** The uuid of the machine that a verb has made, by its result; undefined for one that makes none. */
export function madeBy(verb: Pick<Verb, 'name'>, result: unknown): string | undefined {
  return isMaking(verb) ? z.object({ uuid: z.string() }).safeParse(result).data?.uuid : undefined;
}
