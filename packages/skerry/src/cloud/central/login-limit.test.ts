import { expect, test } from 'vitest';
import { LoginLimit } from './login-limit.ts';

const fail = (limit: LoginLimit, times: number, user = 'ann', at = 0): void => {
  for (let i = 0; i < times; i++) limit.failed('10.0.0.1', user, at);
};

test('some tries are free; then each has to wait twice as long as the one before, up to a minute', () => {
  const limit = new LoginLimit();
  const waits: number[] = [];
  for (let i = 0; i < 14; i++) {
    waits.push(limit.waitMs('10.0.0.1', 'ann', 0) / 1000);
    fail(limit, 1);
  }
  expect(waits).toEqual([0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
  expect(limit.waitMs('10.0.0.1', 'ann', 59_999)).toBe(1);
  expect(limit.waitMs('10.0.0.1', 'ann', 60_000)).toBe(0);
});

test('it is about that name and that address, and over when she is in', () => {
  const limit = new LoginLimit();
  fail(limit, 8);
  expect(limit.waitMs('10.0.0.2', 'ann', 0)).toBe(0);
  expect(limit.waitMs('10.0.0.1', 'ben', 0)).toBe(0);
  limit.succeeded('10.0.0.1', 'ann');
  expect(limit.waitMs('10.0.0.1', 'ann', 0)).toBe(0);
});

test('who tries many names waits as well, and never long', () => {
  const limit = new LoginLimit();
  for (let i = 0; i < 100; i++) fail(limit, 1, `user${i}`);
  expect(limit.waitMs('10.0.0.1', 'somebody', 0)).toBe(10_000);
});

test('who comes in often does not wait', () => {
  const limit = new LoginLimit();
  for (let i = 0; i < 100; i++) {
    expect(limit.waitMs('10.0.0.1', 'ann', i)).toBe(0);
    fail(limit, 1, 'ann', i);
    limit.succeeded('10.0.0.1', 'ann');
  }
});

test('what failed long ago counts no more', () => {
  const limit = new LoginLimit();
  fail(limit, 20);
  expect(limit.waitMs('10.0.0.1', 'ann', 14 * 60_000)).toBe(0);
  fail(limit, 1, 'ann', 16 * 60_000);
  expect(limit.waitMs('10.0.0.1', 'ann', 16 * 60_000)).toBe(0);
});
