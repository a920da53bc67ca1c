import { expect, test } from 'vitest';
import {
  changesOf,
  removeGrant,
  removeRole,
  removeUser,
  renameRole,
  setAdmin,
  setGrant,
  setMembersOf,
  setRole,
  setRolesOf,
} from './change.ts';
import { decide } from './decide.ts';
import { NOBODY, type Policy } from './policy.ts';

const VM = { id: 'vm:1', hypervisor: 'hv1', tags: ['web'] };
const policy: Policy = {
  version: 1,
  admins: ['ann', 'ada'],
  roles: { operator: ['create', 'destroy'], watcher: ['info'] },
  members: { ben: ['operator', 'watcher'], cleo: ['watcher'] },
  grants: [
    { who: 'role:operator', scope: 'tag:web', permissions: [] },
    { who: 'user:ben', scope: 'vm:1', permissions: ['info'] },
  ],
};
const words = (next: Omit<Policy, 'version'>): string[] => changesOf(policy, next);

test.each([
  ['an administrator more', setAdmin(policy, 'ben', true), ['administrators: + ben']],
  ['one less', setAdmin(policy, 'ada', false), ['administrators: - ada']],
  ['other roles', setRolesOf(policy, 'ben', ['watcher']), ['roles of ben: - operator']],
  ['a first role', setRolesOf(policy, 'dora', ['watcher']), ['+ roles of dora: watcher']],
  [
    'other members',
    setMembersOf(policy, 'operator', ['cleo']),
    ['roles of ben: - operator', 'roles of cleo: + operator'],
  ],
  ['a new role', setRole(policy, 'guest', ['info']), ['+ role guest: info']],
  [
    'a changed role',
    setRole(policy, 'operator', ['create', 'clone']),
    ['role operator: + clone, - destroy'],
  ],
  [
    'a role less',
    removeRole(policy, 'operator'),
    [
      '- role operator: create, destroy',
      'roles of ben: - operator',
      '- role:operator for tag:web: nothing of its own',
    ],
  ],
  [
    'a user less',
    removeUser(policy, 'ben'),
    ['- roles of ben: operator, watcher', '- user:ben for vm:1: info'],
  ],
  ['a grant', setGrant(policy, 'user:cleo', 'all', ['info']), ['+ user:cleo for all: info']],
  [
    'another grant',
    setGrant(policy, 'user:ben', 'vm:1', ['create', 'create']),
    ['user:ben for vm:1: + create, - info'],
  ],
  ['no grant', removeGrant(policy, 'user:ben', 'vm:1'), ['- user:ben for vm:1: info']],
  ['nothing', setRole(policy, 'watcher', ['info']), []],
])('%s', (_, next, lines) => {
  expect(words(next)).toEqual(lines);
});

test('a renamed role is the same for all who have it, and where it was granted', () => {
  const next = { ...renameRole(policy, 'operator', 'worker'), version: 2 };
  expect(Object.keys(next.roles)).toEqual(['worker', 'watcher']);
  expect(decide(next, 'ben', 'destroy', VM)).toEqual({
    allowed: true,
    because: "ben, as worker, has 'destroy' for tag:web",
  });
});

test('the last administrator stays', () => {
  const alone = { ...policy, admins: ['ann'] };
  expect(() => setAdmin(alone, 'ann', false)).toThrow('ann is the last administrator');
  expect(() => removeUser(alone, 'ann')).toThrow('ann is the last administrator');
  expect(setAdmin(alone, 'ben', false).admins).toEqual(['ann']);
});

test.each(['constructor', 'toString', 'hasOwnProperty'])(
  'somebody called %s is nobody special, and no role is',
  (name) => {
    expect(decide(policy, name, 'info', VM).allowed).toBe(false);
    expect(() => setRolesOf(policy, 'ben', [name])).toThrow(`there is no role '${name}'`);
    const next = { ...setRolesOf(policy, name, ['operator']), version: 2 };
    expect(decide(next, name, 'create', VM).allowed).toBe(true);
  },
);

test('a role that is there is not renamed over another one', () => {
  expect(() => renameRole(policy, 'operator', 'watcher')).toThrow("there is a role 'watcher'");
  expect(() => removeRole(NOBODY, 'operator')).toThrow('there are: none');
});
