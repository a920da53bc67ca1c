// Who may log in and do what: users, roles, grants and tokens. All of it is central's own.
import { z } from 'zod';
import { ADMINISTER } from '../permission/known.ts';
import { defineVerb, type Verb } from './verb.ts';

export const userName = z
  .string()
  .regex(/^[a-z][a-z0-9._-]{0,62}$/, 'small letters, digits and . _ -, beginning with a letter');
export const roleName = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,62}$/, 'small letters, digits and _ -, beginning with a letter');
/** A field that is asked for without showing it, and read from standard input by the CLI. */
export const password = z
  .string()
  .min(10, 'at least 10 characters')
  .max(1000)
  .meta({ format: 'password', description: 'At least 10 characters' });
export const permissionNames = z.array(z.string().regex(/^[a-z_]+$/)).max(200);
/** For whoever changes what they have looked at before: somebody else may have changed it since. */
export const expectNow = z
  .array(z.string())
  .max(1000)
  .optional()
  .describe('What it is now; something else is refused');

const nothing = z.object({});
export const who = z
  .string()
  .regex(/^(user|role):[\w.@-]{1,100}$/, 'user:NAME or role:NAME')
  .describe('user:NAME or role:NAME');
const user = userName.describe('Their name');
const role = roleName.describe('Its name');
/** As people say it: a machine may be named. Central makes a policy's scope of it. */
const scopeField = z
  .string()
  .max(200)
  .regex(
    /^(all|vm:.+|hypervisor:.+|tag:.+)$/,
    'it must be all, vm:NAME, hypervisor:NAME or tag:TAG',
  )
  .describe('all, vm:NAME (or its uuid), hypervisor:NAME or tag:TAG');
const link = z.object({ link: z.string(), expires: z.string() });
/** What a change has changed, a line each: `- what was`, `+ what is`. */
const changes = z.object({ changes: z.array(z.string()) });

const common = { entity: 'central', runs: 'central', permission: ADMINISTER } as const;

export const userList = defineVerb({
  ...common,
  name: 'user_list',
  command: 'user list',
  title: 'Users',
  summary: 'who may log in, and what they have',
  params: nothing,
  result: z.object({
    users: z.array(
      z.object({
        user: z.string(),
        admin: z.boolean(),
        roles: z.array(z.string()),
        grants: z.number(),
        hasPassword: z.boolean(),
        sessions: z.number(),
        tokens: z.number(),
        jobs: z.number(),
        lastSeen: z.string().describe('ISO 8601, or empty'),
      }),
    ),
  }),
  danger: 'reads',
});

export const userAdd = defineVerb({
  ...common,
  name: 'user_add',
  command: 'user add',
  title: 'Add a user',
  summary: 'let somebody log in: by a password, or by a link that is good once',
  takes: ['user'],
  params: z.object({
    user: userName.describe('Small letters, digits and . _ -'),
    roles: z.array(roleName).max(50).default([]).describe('Roles from the beginning'),
    password: password.optional(),
  }),
  result: z.object({
    link: z.string().nullable().describe('Without a password: logs them in once'),
    expires: z.string().nullable(),
  }),
  danger: 'changes',
});

export const userRemove = defineVerb({
  ...common,
  name: 'user_remove',
  command: 'user remove',
  title: 'Remove a user',
  summary: 'take a user away with roles, grants, sessions, tokens and what they have scheduled',
  takes: ['user'],
  params: z.object({ user }),
  result: changes.extend({ sessions: z.number(), tokens: z.number(), jobs: z.number() }),
  danger: 'destroys',
});

export const userLink = defineVerb({
  ...common,
  name: 'user_link',
  command: 'user link',
  title: 'New login link',
  summary: 'a link that logs a user in once, within 15 minutes; an older one is good no more',
  takes: ['user'],
  params: z.object({
    user,
    reset: z.boolean().default(false).describe('Forget the password, and end every session'),
  }),
  result: link,
  danger: 'changes',
});

export const userAdmin = defineVerb({
  ...common,
  name: 'user_admin',
  command: 'user admin',
  title: 'Administrator',
  summary: 'make a user an administrator, or no longer; the last one stays',
  takes: ['user'],
  params: z.object({
    user,
    on: z.boolean().default(true).describe('Make them an administrator'),
  }),
  result: changes,
  danger: 'changes',
});

export const userRoles = defineVerb({
  ...common,
  name: 'user_roles',
  command: 'user roles',
  title: 'Roles of a user',
  summary: 'give a user these roles and no others',
  takes: ['user'],
  params: z.object({ user, roles: z.array(roleName).max(50), expect: expectNow }),
  result: changes,
  danger: 'changes',
});

export const userSees = defineVerb({
  ...common,
  name: 'user_sees',
  command: 'user sees',
  title: 'See it as a user',
  summary: 'every machine and hypervisor that a user sees, and what they may do with it',
  takes: ['user'],
  params: z.object({ user }),
  result: z.object({
    entities: z.array(
      z.object({ entity: z.string(), name: z.string(), permissions: z.array(z.string()) }),
    ),
  }),
  danger: 'reads',
});

export const ownPassword = defineVerb({
  ...common,
  name: 'password_set',
  command: 'password',
  title: 'Your password',
  summary: 'set your own password; your other sessions end, your tokens stay',
  params: z.object({
    oldPassword: z
      .string()
      .max(1000)
      .optional()
      .meta({ format: 'password', description: 'Unless you have none' }),
    password,
  }),
  result: z.object({ sessions: z.number().describe('How many ended') }),
  open: true,
  danger: 'changes',
});

export const chatLogin = defineVerb({
  ...common,
  name: 'chat_login',
  command: 'chat',
  title: 'Chat login',
  summary: 'a new password for an XMPP client of your own; the one before is good no more',
  params: nothing,
  result: z.object({
    address: z.string().describe('The JID'),
    password: z.string(),
    host: z.string(),
    port: z.number().describe('With STARTTLS'),
    ca: z.string().describe("The authority of the server's certificate, in PEM"),
  }),
  open: true,
  danger: 'changes',
});

export const roleList = defineVerb({
  ...common,
  name: 'role_list',
  command: 'role list',
  title: 'Roles',
  summary: 'the roles, who has them, and where they are granted',
  params: nothing,
  result: z.object({
    roles: z.array(
      z.object({
        role: z.string(),
        permissions: z.array(z.string()),
        members: z.array(z.string()),
        scopes: z.array(z.string()),
      }),
    ),
  }),
  danger: 'reads',
});

export const roleSet = defineVerb({
  ...common,
  name: 'role_set',
  command: 'role set',
  title: 'Set a role',
  summary: 'make a role, or change what all who have it may do: this and nothing else',
  takes: ['role'],
  params: z.object({ role, permissions: permissionNames, expect: expectNow }),
  result: changes,
  danger: 'changes',
});

export const roleMembers = defineVerb({
  ...common,
  name: 'role_members',
  command: 'role members',
  title: 'Members of a role',
  summary: 'give a role to these users and to no others',
  takes: ['role'],
  params: z.object({ role, users: z.array(userName).max(1000), expect: expectNow }),
  result: changes,
  danger: 'changes',
});

export const roleRename = defineVerb({
  ...common,
  name: 'role_rename',
  command: 'role rename',
  title: 'Rename a role',
  summary: 'another name for a role; who has it and where it is granted stay',
  takes: ['role', 'to'],
  params: z.object({ role, to: roleName.describe('Its new name') }),
  result: changes,
  danger: 'changes',
});

export const roleRemove = defineVerb({
  ...common,
  name: 'role_remove',
  command: 'role remove',
  title: 'Remove a role',
  summary: 'take a role away from all who have it, with what is granted to it',
  takes: ['role'],
  params: z.object({ role }),
  result: changes,
  danger: 'destroys',
});

export const grantList = defineVerb({
  ...common,
  name: 'grant_list',
  command: 'grant list',
  title: 'Grants',
  summary: 'what is granted to whom, for what',
  params: nothing,
  result: z.object({
    grants: z.array(
      z.object({
        who: z.string(),
        scope: z.string(),
        name: z.string().describe("The machine's, where the scope is one"),
        permissions: z.array(z.string()),
      }),
    ),
  }),
  danger: 'reads',
});

export const grantSet = defineVerb({
  ...common,
  name: 'grant_set',
  command: 'grant set',
  title: 'Grant',
  summary: 'let somebody do this with an entity, all with a tag, or everything, and nothing else',
  takes: ['who', 'scope'],
  params: z.object({
    who,
    scope: scopeField,
    permissions: permissionNames
      .default([])
      .describe('A role has those of the role besides, so it needs none here'),
    expect: expectNow,
  }),
  result: changes,
  danger: 'changes',
});

export const grantRemove = defineVerb({
  ...common,
  name: 'grant_remove',
  command: 'grant remove',
  title: 'Take a grant away',
  summary: 'take a grant away',
  takes: ['who', 'scope'],
  params: z.object({ who, scope: scopeField }),
  result: changes,
  danger: 'changes',
});

export const permissionList = defineVerb({
  ...common,
  name: 'permission_list',
  command: 'permission list',
  title: 'Permissions',
  summary: 'every permission there is, and what one may do with it',
  params: nothing,
  result: z.object({
    permissions: z.array(
      z.object({
        permission: z.string(),
        title: z.string(),
        about: z.string(),
        summary: z.string(),
      }),
    ),
  }),
  open: true,
  danger: 'reads',
});

const whose = userName.optional().describe('Default: your own');

export const tokenList = defineVerb({
  ...common,
  name: 'token_list',
  command: 'token list',
  title: 'Tokens',
  summary: 'your tokens, or those of another user, and when each was used',
  params: z.object({ user: whose }),
  result: z.object({
    tokens: z.array(
      z.object({
        id: z.string(),
        label: z.string(),
        made: z.string(),
        lastUsed: z.string().describe('ISO 8601, or empty'),
        expires: z.string(),
      }),
    ),
  }),
  open: true,
  danger: 'reads',
});

export const tokenCreate = defineVerb({
  ...common,
  name: 'token_create',
  command: 'token create',
  title: 'New token',
  summary: 'a token with which a program is you; it is shown this once',
  takes: ['label'],
  params: z.object({
    label: z.string().trim().min(1).max(100).describe('What it is for'),
    days: z.int().min(1).max(365).default(90).describe('How long it is good'),
  }),
  result: z.object({ token: z.string(), id: z.string(), expires: z.string() }),
  open: true,
  danger: 'changes',
});

export const tokenRevoke = defineVerb({
  ...common,
  name: 'token_revoke',
  command: 'token revoke',
  title: 'Revoke a token',
  summary: 'a token of yours, or of another user, is good no more',
  takes: ['id'],
  params: z.object({
    id: z.string().max(64).describe('As the list shows it'),
    user: whose,
  }),
  result: nothing,
  open: true,
  danger: 'destroys',
});

/** In the order in which people see them. */
export const peopleVerbs: readonly Verb[] = [
  userList,
  userAdd,
  userRemove,
  userLink,
  userAdmin,
  userRoles,
  userSees,
  ownPassword,
  chatLogin,
  roleList,
  roleSet,
  roleMembers,
  roleRename,
  roleRemove,
  grantList,
  grantSet,
  grantRemove,
  permissionList,
  tokenList,
  tokenCreate,
  tokenRevoke,
];
