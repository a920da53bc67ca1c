import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { nobodyListens } from './nobody-listens.ts';

const MISSING = '/nowhere/at/all';

test('a socket that is not there is one that nobody listens on', async () => {
  const error = await new Promise((resolve) => connect(MISSING).once('error', resolve));
  expect(nobodyListens(error)).toBe(true);
});

test('a file that is not there says nothing of a socket', () => {
  let error: unknown;
  try {
    readFileSync(MISSING);
  } catch (cause) {
    error = cause;
  }
  expect(nobodyListens(error)).toBe(false);
});
