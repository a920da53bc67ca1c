import { expect, test } from 'vitest';
import { SkerryError } from '../util/errors.ts';
import { lossOf } from './gateway.ts';

const machine = 'node';

test.each([
  [
    Object.assign(new Error('connect ENOENT'), { code: 'ENOENT', syscall: 'connect' }),
    'the lab is off',
  ],
  [new SkerryError('GUEST_ABSENT', { data: { machine, reason: 'it is off' } }), 'it is off'],
  [
    new SkerryError('GUEST_SILENT', { data: { machine, seconds: 15 } }),
    'it boots, or does not answer',
  ],
  [new SkerryError('GUEST_LOST', { data: { machine } }), 'it does not answer any more'],
  [new Error('No space left on device'), 'No space left on device'],
])('why a machine is not reached: %s', (error, words) => {
  expect(lossOf(error)).toBe(words);
});
