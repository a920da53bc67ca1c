import { expect, test } from 'vitest';
import { Database } from './database.ts';
import { Users } from './users.ts';

test('a password is right or wrong, and nobody has none', async () => {
  const users = new Users(new Database(':memory:'));
  await users.add('ann', 'correct horse');
  await users.add('ben');
  expect(await users.checkPassword('ann', 'correct horse')).toBe(true);
  expect(await users.checkPassword('ann', 'correct horsE')).toBe(false);
  expect(await users.checkPassword('ben', '')).toBe(false);
  expect(await users.checkPassword('nobody', 'correct horse')).toBe(false);
}, 30_000);

test('a link logs in once, and is nothing else', async () => {
  const users = new Users(new Database(':memory:'));
  await users.add('ann');
  const link = users.issue('ann', 'link');
  expect(users.userOf(link, 'session')).toBeUndefined();
  expect(users.redeem(link)).toBe('ann');
  expect(users.redeem(link)).toBeUndefined();
});

test('who is removed has no sessions and tokens left', async () => {
  const users = new Users(new Database(':memory:'));
  await users.add('ann');
  const token = users.issue('ann', 'token');
  expect(users.userOf(token, 'token')).toBe('ann');
  users.remove('ann');
  expect(users.userOf(token, 'token')).toBeUndefined();
});

test('a short password, and a name that is none, are refused', async () => {
  const users = new Users(new Database(':memory:'));
  await expect(users.add('ann', 'short')).rejects.toThrow('at least 10 characters');
  await expect(users.add('Ann Smith')).rejects.toThrow('small letters');
});
