import { VerbError } from '../verb-error.ts';
import { issueWords } from './issue-words.ts';
import type { Verb } from './verb.ts';

/** A verb's parameters, checked; all that is wrong with them at once. */
export function parseParams(verb: Verb, params: unknown): Record<string, unknown> {
  // What only central knows comes beside what people give.
  const parsed = verb.params.loose().safeParse(params ?? {}, { error: issueWords });
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.map(({ path, message }) => ({
    path: path.join('.'),
    message,
  }));
  const words = fields
    .map(({ path, message }) => (path ? `${path}: ${message}` : message))
    .join('; ');
  throw new VerbError('invalid', `${verb.name}: ${words}`, { fields });
}
