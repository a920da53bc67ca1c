// How people and their programs log in: links, passwords, tokens.
import type { ChatLogin } from '../../chat/chat-people.ts';
import { knownPermissions } from '../../permission/known.ts';
import { VerbError } from '../../verb-error.ts';
import type * as verbs from '../../verbs/people.ts';
import type { z } from 'zod';
import type { Central } from '../central.ts';
import { mayAdminister } from '../seen.ts';
import type { CentralContext, CentralHandler } from './context.ts';

type Params<Verb extends { readonly params: z.ZodObject }> = z.output<Verb['params']>;

export const loginHandlers: readonly (readonly [string, CentralHandler])[] = [
  ['user_link', userLink],
  ['password_set', setPassword],
  ['chat_login', chatLogin],
  ['token_list', tokenList],
  ['token_create', tokenCreate],
  ['token_revoke', tokenRevoke],
  ['permission_list', permissionList],
];

/** So many tokens nobody needs; a program that makes them in a loop does. */
const MOST_TOKENS = 100;
const DAY_MS = 24 * 3_600_000;
const LINK_MS = DAY_MS / 96;

/** @throws VerbError `not-found` */
export function refuseNobody({ users }: Central, user: string): void {
  if (!users.exists(user))
    throw new VerbError('not-found', `there is no user '${user}'`, {
      hint: `see who there is: skerry cloud user list`,
    });
}

/** A link that logs a user in once; older ones are good no more. What it is good for is after the #: no server sees that. */
export function issueLink(
  { users, streamBase }: Central,
  user: string,
): { link: string; expires: string } {
  users.endLinks(user);
  const link = `${streamBase}/#login=${users.issue(user, 'link', '', LINK_MS)}`;
  return { link, expires: new Date(Date.now() + LINK_MS).toISOString() };
}

async function userLink(
  { central }: CentralContext,
  { user, reset }: Params<typeof verbs.userLink>,
) {
  refuseNobody(central, user);
  if (reset) {
    central.users.reset(user);
    await central.chat?.shutOut(user);
  }
  return issueLink(central, user);
}

async function setPassword(
  { central, by, session }: CentralContext,
  { oldPassword, password }: Params<typeof verbs.ownPassword>,
) {
  const { users } = central;
  const isRight =
    !users.hasPassword(by.user) || (await users.checkPassword(by.user, oldPassword ?? ''));
  if (!isRight)
    throw new VerbError('denied', 'the old password is wrong', {
      hint: 'who has forgotten it asks an administrator for a new login link',
      fields: [{ path: 'oldPassword', message: 'this is not your password' }],
    });
  return { sessions: await users.setPassword(by.user, password, session) };
}

async function chatLogin({ central, by }: CentralContext): Promise<ChatLogin> {
  if (!central.chat)
    throw new VerbError(
      'conflict',
      'there is no XMPP server here: people chat in the web UI only',
      {
        hint: 'a central on a host has one; on one machine: skerry cloud dev --bus xmpp',
      },
    );
  return central.chat.login(by.user);
}

async function tokenList(context: CentralContext, params: Params<typeof verbs.tokenList>) {
  const time = (at: number): string => (at === 0 ? '' : new Date(at).toISOString());
  return {
    tokens: context.central.users
      .tokens(ownerOf(context, params.user))
      .map(({ id, label, madeAt, usedAt, expiresAt }) => ({
        id,
        label,
        made: time(madeAt),
        lastUsed: time(usedAt),
        expires: time(expiresAt),
      })),
  };
}

async function tokenCreate(
  { central: { users }, by }: CentralContext,
  { label, days }: Params<typeof verbs.tokenCreate>,
) {
  if (users.tokens(by.user).length >= MOST_TOKENS)
    throw new VerbError('conflict', `${by.user} has ${MOST_TOKENS} tokens: revoke one first`, {
      hint: 'see which there are: skerry cloud token list',
    });
  const token = users.issue(by.user, 'token', label, days * DAY_MS);
  const id = users.tokens(by.user)[0]?.id ?? '';
  return { token, id, expires: new Date(Date.now() + days * DAY_MS).toISOString() };
}

async function tokenRevoke(context: CentralContext, params: Params<typeof verbs.tokenRevoke>) {
  const owner = ownerOf(context, params.user);
  if (!context.central.users.revokeToken(owner, params.id))
    throw new VerbError('not-found', `${owner} has no token '${params.id}'`, {
      hint: 'see which there are: skerry cloud token list',
    });
  return {};
}

/** Everybody for themselves; who administers for all. */
function ownerOf({ central, by }: CentralContext, user = by.user): string {
  if (user === by.user) return user;
  if (!mayAdminister(central, by.user))
    throw new VerbError('denied', `${by.user} may not do that for ${user}`, {
      permission: 'administer',
    });
  refuseNobody(central, user);
  return user;
}

async function permissionList({ central }: CentralContext) {
  return { permissions: knownPermissions(central.table) };
}
