// The web's side of central: REST, logins, and the UI's files. Whatever changes something is a POST with a header that no
// other site's form can send, from our own origin, with a cookie that is sent to us alone.
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { z } from 'zod';
import type { VerbErrorData } from '../../bus/messages.ts';
import { type EntityState, hypervisorId } from '../../entity.ts';
import { VerbError } from '../../verb-error.ts';
import { checkCloud } from '../../doctor/cloud-checks.ts';
import { rolesOf } from '../../permission/policy.ts';
import type { Central, Target } from '../central.ts';
import type { Parked } from '../parking.ts';
import { needsOf, type Place } from '../placement.ts';
import { linesOf, mayAdminister, mayKnowPeople, parkedFor } from '../seen.ts';
import { addLogin, type Login, loginOf } from './login.ts';
import { standView } from '../stand-view.ts';
import { openApi, schemaOf } from './openapi.ts';
import { auditQuery, needsQuery, usageQuery } from './queries.ts';

export interface AppOptions {
  readonly central: Central;
  readonly version: string;
  /** The folder of the built UI; without one there is only the API. */
  readonly webDir: string | null;
  /** Whether browsers reach it by https: cookies are then for that alone. */
  readonly secure: boolean;
}

/** A header that a form of another site cannot set, and a script of one only after it has asked. */
export const CSRF_HEADER = 'x-skerry';

const MAX_BODY = 2 * 1024 * 1024;
const STATUS: Readonly<Record<VerbErrorData['code'], 400 | 403 | 404 | 409 | 500 | 502 | 504>> = {
  invalid: 400,
  denied: 403,
  'not-found': 404,
  conflict: 409,
  libvirt: 502,
  unreachable: 502,
  timeout: 504,
  failed: 500,
};

type Env = { Variables: { login: Login } };
type Request = Context<Env>;

export function createApp(options: AppOptions): Hono<Env> {
  const { central, version, secure } = options;
  const app = new Hono<Env>();
  app.use(async (context, next) => {
    await next();
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) context.header(name, value);
    if (secure) context.header('strict-transport-security', 'max-age=31536000');
  });
  app.onError((error, context) => {
    if (error instanceof VerbError) return fail(context, error.toData());
    if (error instanceof z.ZodError) return fail(context, invalid(z.prettifyError(error)));
    if (error instanceof SyntaxError) return fail(context, invalid('the body is not JSON'));
    return fail(context, { code: 'failed', message: error.message });
  });
  app.use(
    '/api/*',
    bodyLimit({
      maxSize: MAX_BODY,
      onError: (context) => fail(context, invalid('the body is too large')),
    }),
  );
  app.use('/api/*', async (context, next) => {
    if (context.req.method === 'GET' || isOurs(context)) return next();
    return fail(context, {
      code: 'denied',
      message: `send the header '${CSRF_HEADER}: 1'`,
      hint: 'programs send it or a token',
    });
  });
  addLogin(app, options);
  app.post('/api/v1/join', async (context) => {
    const { secret } = z.object({ secret: z.string().max(200) }).parse(await context.req.json());
    if (!central.join)
      throw new VerbError('conflict', 'this cloud is on one computer: nobody joins it');
    central.leadership.check();
    return context.json(await central.join(central.joins.redeem(secret)));
  });

  app.use('/api/v1/*', async (context, next) => {
    const login = loginOf(central, context.req.raw.headers);
    if (!login)
      return context.json({ error: { code: 'denied', message: 'you are not logged in' } }, 401);
    context.set('login', login);
    return next();
  });
  app.get('/api/v1/me', (context) => {
    const { user } = context.get('login');
    const { policy } = central.policies;
    return context.json({
      user,
      admin: policy.admins.includes(user),
      chat: central.chat !== undefined,
      roles: rolesOf(policy, user),
      administers: mayAdminister(central, user),
      knowsPeople: mayKnowPeople(central, user),
      hasPassword: central.users.hasPassword(user),
      version,
    });
  });
  app.get('/api/v1/central', (context) => context.json(standView(central)));
  app.get('/api/v1/verbs', (context) =>
    context.json(
      central.table.all.map(({ params, result, chat, ...verb }) => ({
        ...verb,
        params: schemaOf(params, 'input'),
        result: schemaOf(result, 'output'),
        chat: chat?.words ?? [],
      })),
    ),
  );
  app.get('/api/v1/openapi.json', (context) => context.json(openApi(central.table, version)));
  app.get('/api/v1/vms', (context) =>
    context.json(seen(context).filter(({ kind }) => kind === 'vm')),
  );
  app.get('/api/v1/hypervisors', (context) =>
    context.json(seen(context).filter(({ kind }) => kind === 'hypervisor')),
  );
  app.get('/api/v1/parked', (context) =>
    context.json(parkedFor(central, context.get('login').user)),
  );
  app.get('/api/v1/parked/:id/places', (context) => {
    const seen = parkedFor(central, context.get('login').user);
    const found = seen.find(({ uuid }) => uuid === context.req.param('id'));
    const parked = found && central.parking.get(found.uuid);
    if (!parked) throw new VerbError('not-found', 'there is no such parked machine');
    return context.json(visiblePlaces(context, central.placesFor(needsOf(parked))));
  });
  /** Whom one can grant something to: nobody but oneself for those who cannot. */
  app.get('/api/v1/users', (context) => {
    const { user } = context.get('login');
    return context.json(mayKnowPeople(central, user) ? central.users.names() : [user]);
  });
  app.get('/api/v1/roles', (context) => {
    const { user } = context.get('login');
    return context.json(mayKnowPeople(central, user) ? central.policies.policy.roles : {});
  });
  app.get('/api/v1/doctor', async (context) => {
    if (!mayAdminister(central, context.get('login').user))
      return fail(context, deniedWords('only an administrator examines the cloud'));
    return context.json(await checkCloud(central, context.req.raw.signal));
  });
  app.get('/api/v1/audit', (context) => {
    const { entity, before, limit } = auditQuery.parse(context.req.query());
    const { user } = context.get('login');
    const entries = central.audit.list({
      entity,
      ...(before && { before }),
      ...(limit && { limit }),
      only: linesOf(central, user),
    });
    return context.json(entries);
  });
  app.get('/api/v1/:collection{vms|hypervisors}/:id', (context) => {
    return context.json(targetOf(context));
  });
  app.get('/api/v1/vms/:id/migration-targets', (context) => {
    const entity = targetOf(context);
    const places = central.migrationTargets(entity.id);
    return context.json(visiblePlaces(context, places));
  });
  app.get('/api/v1/:collection{vms|hypervisors}/:id/usage', (context) => {
    const entity = targetOf(context);
    const { span } = usageQuery.parse(context.req.query());
    return context.json(central.usage.of(entity.id, span));
  });
  app.get('/api/v1/places', (context) =>
    context.json(visiblePlaces(context, central.placesFor(needsQuery.parse(context.req.query())))),
  );
  app.post('/api/v1/central/:verb', (context) => perform(context, 'central'));
  app.post('/api/v1/:collection{vms|hypervisors}/:id/chat', async (context) => {
    const entity = targetOf(context);
    const { text } = z.object({ text: z.string().max(10_000) }).parse(await context.req.json());
    const { user } = context.get('login');
    const by = { user, via: 'chat' as const };
    return context.json({ text: await central.talk(entity, text, by, context.req.raw.signal) });
  });
  app.post('/api/v1/:collection{vms|hypervisors}/:id/:verb', (context) => {
    return perform(context, targetOf(context));
  });
  app.all('/api/*', (context) =>
    fail(context, {
      code: 'not-found',
      message: `there is no ${context.req.method} ${context.req.path}`,
    }),
  );
  app.get('*', (context) => serveFile(context, options.webDir));
  return app;

  function seen(context: Request): EntityState[] {
    const { user } = context.get('login');
    return central.registry.all.filter((each) => central.permissions(user, each).size > 0);
  }

  /** Those of which one may know. */
  function visiblePlaces(context: Request, places: readonly Place[]): Place[] {
    const ids = new Set(seen(context).map(({ id }) => id));
    return places.filter(({ hypervisor }) => ids.has(hypervisorId(hypervisor)));
  }

  /** The entity that a path names. @throws VerbError `not-found`, `conflict` */
  function targetOf(context: Request): EntityState {
    const id = context.req.param('id') ?? '';
    const kind = context.req.param('collection') === 'hypervisors' ? 'hypervisor' : 'machine';
    const found =
      kind === 'hypervisor' ? central.registry.get(hypervisorId(id)) : central.registry.findVm(id);
    if (Array.isArray(found) && found.length > 1)
      throw new VerbError('conflict', `${found.length} machines are called '${id}': say the uuid`);
    const entity = Array.isArray(found) ? undefined : (found as EntityState | undefined);
    // What one may not see is not there.
    const { user } = context.get('login');
    if (!entity || central.permissions(user, entity).size === 0) {
      const isIt = ({ uuid, name }: Parked): boolean => uuid === id || name === id;
      if (kind === 'machine' && parkedFor(central, user).some(isIt))
        throw new VerbError('not-found', `${id} is parked`, {
          hint: `bring it back: skerry cloud unpark ${id}`,
        });
      throw new VerbError('not-found', `there is no ${kind} '${id}'`);
    }
    return entity;
  }

  async function perform(context: Request, target: Target): Promise<Response> {
    const { user, via, session } = context.get('login');
    const text = await context.req.text();
    const params: unknown = text === '' ? {} : JSON.parse(text);
    const id = z.uuid('x-request-id: a uuid').optional().parse(context.req.header('x-request-id'));
    const by = { user, via };
    const verb = context.req.param('verb') ?? '';
    const reply = await central.perform(target, verb, params, by, {
      ...(id && { id }),
      session,
      signal: context.req.raw.signal,
    });
    return reply.ok ? context.json(reply.result as object) : fail(context, reply.error);
  }
}

const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
};

/** Whether an origin header, where a browser sends one, is our own. */
export function isSameOrigin(headers: Headers): boolean {
  const origin = headers.get('origin');
  if (origin === null) return true;
  try {
    return new URL(origin).host === headers.get('host');
  } catch {
    return false;
  }
}

function isOurs(context: Context): boolean {
  const { headers } = context.req.raw;
  if (headers.get('authorization')?.startsWith('Bearer ')) return true;
  return headers.get(CSRF_HEADER) !== null && isSameOrigin(headers);
}

function fail(context: Context, error: VerbErrorData): Response {
  return context.json({ error }, STATUS[error.code]);
}

function invalid(message: string): VerbErrorData {
  return { code: 'invalid', message };
}

function deniedWords(message: string): VerbErrorData {
  return { code: 'denied', message };
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json',
};

/** A file of the UI, or its page for any address of it. Files with a hash in their name never change. */
async function serveFile(context: Context, webDir: string | null): Promise<Response> {
  if (webDir === null)
    return context.text('This central serves no web UI; its API is at /api/v1/openapi.json\n', 404);
  const path = decodeURIComponent(context.req.path);
  const isFile = /^\/[\w/-][\w./-]*\.\w+$/.test(path) && !path.includes('..');
  const name = isFile ? path.slice(1) : 'index.html';
  const packed = (context.req.header('accept-encoding') ?? '').includes('br')
    ? await readFile(join(webDir, `${name}.br`)).catch(() => null)
    : null;
  const content = packed ?? (await readFile(join(webDir, name)).catch(() => null));
  if (content === null) return context.text('not found\n', 404);
  return context.body(new Uint8Array(content), 200, {
    'content-type': TYPES[extname(name)] ?? 'application/octet-stream',
    'cache-control': name.startsWith('assets/')
      ? 'public, max-age=31536000, immutable'
      : 'no-cache',
    vary: 'accept-encoding',
    ...(packed && { 'content-encoding': 'br' }),
  });
}
