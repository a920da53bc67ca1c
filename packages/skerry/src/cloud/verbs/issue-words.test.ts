import { expect, test } from 'vitest';
import { z } from 'zod';
import { issueWords } from './issue-words.ts';

test.each<[z.ZodType, unknown, string]>([
  [z.string(), undefined, 'it is missing'],
  [z.string(), 7, 'it must be a text'],
  [z.boolean(), 'perhaps', 'it must be yes or no (true, false)'],
  [z.string().min(1), '', 'it must not be empty'],
  [z.string().min(8), 'short', 'it must have at least 8 characters'],
  [z.string().max(3), 'long', 'it must have at most 3 characters'],
  [z.number().min(64), 7, 'it must be at least 64'],
  [z.number().max(64), 70, 'it must be at most 64'],
  [z.array(z.string()).min(1), [], 'it must name at least 1'],
  [z.enum(['cold', 'live']), 'warm', 'it must be cold or live'],
  [z.uuid(), 'x', 'it must be a UUID'],
  [z.string().regex(/^a$/, 'one a'), 'b', 'one a'],
])('%#: %j', (schema, input, words) => {
  const { error } = schema.safeParse(input, { error: issueWords });
  expect(error?.issues.map(({ message }) => message)).toEqual([words]);
});
