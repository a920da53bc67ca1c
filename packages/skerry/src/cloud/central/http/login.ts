// Logging in and out, and who asks.
import { randomUUID } from 'node:crypto';
import type { Context, Env, Hono } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { z } from 'zod';
import type { Central } from '../central.ts';
import type { Users } from '../users.ts';

/** How programs and browsers say who they are. */
export interface Login {
  readonly user: string;
  readonly via: 'web' | 'rest';
  /** Names the session or the token; see Users.sessionOf. */
  readonly session: string;
}

/**
 * One way to prove who one is. What comes of it is a user of ours, whoever has vouched for them: an identity provider would
 * be one more way, which finds the user that its subject is bound to.
 */
interface LoginWay {
  readonly name: string;
  readonly path: string;
  /** What is said to who could not prove it. */
  readonly refusal: string;
  /** Whose proof that is; undefined when it is none. */
  prove(users: Users, body: unknown): Promise<string | undefined>;
}

const credentials = z.object({ user: z.string().max(100), password: z.string().max(1000) });
const linkToken = z.object({ token: z.string().max(200) });

const WAYS: readonly LoginWay[] = [
  {
    name: 'password',
    path: '/api/v1/login',
    refusal: 'the name or the password is wrong',
    async prove(users, body) {
      const { user, password } = credentials.parse(body);
      return (await users.checkPassword(user, password)) ? user : undefined;
    },
  },
  {
    name: 'link',
    path: '/api/v1/login/link',
    refusal: 'this link was used, or is too old: ask for another one',
    prove: async (users, body) => users.redeem(linkToken.parse(body).token),
  },
];

export const COOKIE = 'skerry';
const SESSION_S = 14 * 24 * 3600;

/** Adds a route for each way in, and the one out. */
export function addLogin<E extends Env>(
  app: Hono<E>,
  { central, secure }: { readonly central: Central; readonly secure: boolean },
): void {
  for (const way of WAYS)
    app.post(way.path, async (context) => {
      const user = await way.prove(central.users, await context.req.json());
      // Whoever was removed meanwhile is nobody.
      if (user !== undefined && central.users.exists(user)) return logIn(context, way, user);
      return context.json({ error: { code: 'denied', message: way.refusal } }, 401);
    });
  app.post('/api/v1/logout', (context) => {
    const secret = getCookie(context, COOKIE);
    if (secret) central.users.revoke(secret);
    deleteCookie(context, COOKIE, { path: '/' });
    return context.json({});
  });

  function logIn(context: Context, { name }: LoginWay, user: string): Response {
    setCookie(context, COOKIE, central.users.issue(user, 'session'), {
      path: '/',
      httpOnly: true,
      sameSite: 'Strict',
      secure,
      maxAge: SESSION_S,
    });
    central.note({
      id: randomUUID(),
      at: Date.now(),
      entity: 'central',
      name: 'central',
      hypervisor: '',
      verb: 'login',
      by: { user, via: 'web' },
      outcome: 'done',
      message: '',
      params: { by: name },
      durationMs: 0,
    });
    return context.json({ user });
  }
}

/** Who asks, by cookie or by token. */
export function loginOf({ users }: Central, headers: Headers): Login | undefined {
  const [, bearer] = /^Bearer (\S+)$/.exec(headers.get('authorization') ?? '') ?? [];
  const [, cookie] =
    new RegExp(`(?:^|;\\s*)${COOKIE}=([\\w-]+)`).exec(headers.get('cookie') ?? '') ?? [];
  const via = bearer === undefined ? 'web' : 'rest';
  const secret = bearer ?? cookie;
  const found = secret && users.sessionOf(secret, via === 'rest' ? 'token' : 'session');
  return found ? { ...found, via } : undefined;
}
