// Logging in and out, and who asks.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Context, Env, Hono } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { z } from 'zod';
import { userName } from '../../verbs/people.ts';
import type { Central } from '../central.ts';
import { LoginLimit } from '../login-limit.ts';
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
  /** Who they say they are, where the proof could be guessed: they are made to wait when they often fail. */
  claims?(body: unknown): string;
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
    claims: (body) => credentials.parse(body).user,
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
  const limit = new LoginLimit();
  for (const way of WAYS)
    app.post(way.path, async (context) => {
      const body: unknown = await context.req.json();
      const address = addressOf(context);
      const claimed = way.claims?.(body);
      const waitMs = claimed === undefined ? 0 : limit.waitMs(address, claimed, Date.now());
      if (waitMs > 0) return tooMany(context, Math.ceil(waitMs / 1000));
      // Counted before it is tried: many at once are many.
      if (claimed !== undefined) limit.failed(address, claimed, Date.now());
      const user = await way.prove(central.users, body);
      // Whoever was removed meanwhile is nobody.
      if (user !== undefined && central.users.exists(user)) {
        limit.succeeded(address, user);
        note(way, user, 'done', '');
        return logIn(context, user);
      }
      const who = userName.safeParse(claimed).data ?? 'somebody';
      note(way, who, 'denied', `${way.refusal}${address && `, from ${address}`}`);
      return context.json({ error: { code: 'denied', message: way.refusal } }, 401);
    });
  app.post('/api/v1/logout', (context) => {
    const secret = getCookie(context, COOKIE);
    if (secret) central.users.revoke(secret);
    deleteCookie(context, COOKIE, { path: '/' });
    return context.json({});
  });

  function logIn(context: Context, user: string): Response {
    setCookie(context, COOKIE, central.users.issue(user, 'session'), {
      path: '/',
      httpOnly: true,
      sameSite: 'Strict',
      secure,
      maxAge: SESSION_S,
    });
    return context.json({ user });
  }

  function note(
    { name: by }: LoginWay,
    user: string,
    outcome: 'done' | 'denied',
    message: string,
  ): void {
    central.note({
      ...{ id: randomUUID(), at: Date.now(), entity: 'central', name: 'central', hypervisor: '' },
      ...{ verb: 'login', by: { user, via: 'web' }, outcome, message },
      ...{ params: { by }, durationMs: 0 },
    });
  }
}

function tooMany(context: Context, seconds: number): Response {
  context.header('retry-after', String(seconds));
  const message = `too many tries have failed: wait ${seconds} s`;
  return context.json({ error: { code: 'denied', message } }, 429);
}

/** Where a request comes from; empty where it came by no socket. */
function addressOf(context: Context): string {
  const { incoming } = (context.env ?? {}) as { readonly incoming?: IncomingMessage };
  return incoming?.socket.remoteAddress ?? '';
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
