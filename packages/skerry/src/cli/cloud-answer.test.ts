import { expect, test } from 'vitest';
import { answerInWords } from './cloud-answer.ts';

const changes = { title: 'Memory', danger: 'changes' } as const;
const reads = { title: 'Info', danger: 'reads' } as const;

test.each([
  [changes, {}, {}, 'Memory: web, done.'],
  [changes, { when: 'next start' }, {}, 'Memory: web, done (when: next start).'],
  [
    changes,
    { deleted: ['a.qcow2', 'b.qcow2'] },
    {},
    'Memory: web, done (deleted: a.qcow2 b.qcow2).',
  ],
  [changes, {}, { on: false }, 'Memory: web, off.'],
  [changes, { uuid: '1f', name: 'web' }, {}, 'Memory: web, done.\nuuid: 1f\nname: web'],
  [
    changes,
    { machines: [{ machine: 'a', outcome: 'moved' }] },
    {},
    'MACHINE  OUTCOME\na        moved',
  ],
  [reads, { text: 'It runs.' }, {}, 'It runs.'],
  [reads, { users: [] }, {}, 'none'],
] as const)('%#: what a verb answered is said as one would', (verb, result, params, words) => {
  expect(answerInWords(verb, 'web', result, params)).toBe(words);
});
