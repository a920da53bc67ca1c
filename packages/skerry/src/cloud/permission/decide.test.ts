import { expect, test } from 'vitest';
import { decide, maySee, permissionsOf } from './decide.ts';
import { FIRST_ROLES, NOBODY, type Policy } from './policy.ts';

const VM = { id: 'vm:1', hypervisor: 'hv1', tags: ['web'] };
const policy: Policy = {
  ...NOBODY,
  admins: ['ann'],
  roles: { ...FIRST_ROLES, starter: ['create'] },
  members: { cleo: ['starter'] },
  grants: [
    { who: 'user:ben', scope: 'vm:1', permissions: ['info', 'create'] },
    { who: 'user:dora', scope: 'hypervisor:hv2', permissions: ['all'] },
    { who: 'user:eve', scope: 'vm:2', permissions: ['info'] },
    { who: 'role:starter', scope: 'tag:web', permissions: ['shutdown'] },
  ],
};

test.each([
  ['ann', 'destroy', true, 'ann is an administrator'],
  ['ben', 'create', true, "ben has 'create' for this machine"],
  ['ben', 'destroy', false, "'destroy' is missing: here ben has create, info"],
  ['cleo', 'create', true, "cleo, as starter, has 'create' for tag:web"],
  ['cleo', 'shutdown', true, "cleo, as starter, has 'shutdown' for tag:web"],
  [
    'cleo',
    'destroy',
    false,
    "'destroy' is missing: here cleo has create, shutdown (roles: starter)",
  ],
  [
    'dora',
    'info',
    false,
    "'info' is missing: dora has nothing here; what dora has is for hypervisor:hv2",
  ],
  [
    'eve',
    'info',
    false,
    "'info' is missing: eve has nothing here; what eve has is for other machines",
  ],
  ['nobody', 'info', false, "'info' is missing: nobody has nothing here"],
])('%s: %s is %s, because %s', (user, permission, allowed, because) => {
  expect(decide(policy, user, permission, VM)).toEqual({ allowed, because });
});

test('a role is live: what it may do changes for all who have it', () => {
  const changed = { ...policy, roles: { ...policy.roles, starter: ['destroy'] } };
  expect(decide(changed, 'cleo', 'destroy', VM).allowed).toBe(true);
  expect(decide(changed, 'cleo', 'create', VM).allowed).toBe(false);
});

test('a machine that moves is under the grants of its new hypervisor', () => {
  expect(maySee(policy, 'dora', VM)).toBe(false);
  expect(permissionsOf(policy, 'dora', { ...VM, hypervisor: 'hv2' })).toEqual(new Set(['all']));
});
