// Central on a real host: its files, its bus, its web port.
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { isIPv4 } from 'node:net';
import { join } from 'node:path';
import { z } from 'zod';
import { SkerryError } from '../../util/errors.ts';
import { DOMAIN } from '../bus/open-bus.ts';
import { issueCertificate } from '../bus/xmpp/certificate.ts';
import { ensureAuthority } from '../bus/xmpp/ejabberd.ts';
import { keepEjabberd } from '../bus/xmpp/keep-ejabberd.ts';
import { XmppBus } from '../bus/xmpp/xmpp-bus.ts';
import { OWN_ADDRESS, PEER_ADDRESS } from '../entity.ts';
import { Standing } from '../central/standing.ts';
import { Central } from '../central/central.ts';
import { openDatabase } from '../central/database.ts';
import { ChatAccounts } from '../chat/chat-accounts.ts';
import { ChatPeople } from '../chat/chat-people.ts';
import { CentralServer } from '../central/http/server.ts';
import { Joins } from '../central/joins.ts';
import { PolicyStore } from '../central/policy-store.ts';
import { Users } from '../central/users.ts';
import { VerbError } from '../verb-error.ts';
import { serveControl } from './control.ts';
import { fingerprintOf, formatToken, parseToken } from './join-token.ts';
import type { Membership } from '../bus/membership.ts';
import { busOf, join as joinWith } from './join.ts';

const schema = z.object({
  /** The name or address by which browsers and agents call this host. */
  name: z.string().min(1),
  /** The address to listen on. */
  listen: z.string(),
  webPort: z.int().min(0).max(65_535),
  busPort: z.int().min(1).max(65_535),
  /** A certificate of one's own for browsers, in PEM files. Default: one of central's own authority. */
  certificate: z.string().optional(),
  key: z.string().optional(),
});
/** What `skerry central init` has noted. */
export type CentralConfig = z.infer<typeof schema>;

export interface RunningCentral extends AsyncDisposable {
  readonly central: Central;
  readonly url: string;
  /** Resolves, with the reason, when it cannot go on. */
  readonly ended: Promise<string>;
}

/** Notes the configuration and makes the authority and the first user. @throws CENTRAL_EXISTS */
export async function initCentral(
  dir: string,
  config: CentralConfig,
  admin: string,
): Promise<void> {
  await makeFolder(dir);
  using database = openDatabase(dir);
  await new Users(database).add(admin);
  new PolicyStore(database).update((policy) => ({ ...policy, admins: [...policy.admins, admin] }));
  await saveConfig(dir, config);
}

/**
 * Makes the standby of another central, with a token of that one: users and all the rest come from there.
 *
 * @returns the name of the other one.
 * @throws CENTRAL_EXISTS; VerbError when the token is not good.
 */
export async function initStandby(
  dir: string,
  config: CentralConfig,
  token: string,
  signal?: AbortSignal,
): Promise<string> {
  const parsed = parseToken(token);
  if (parsed.hypervisor !== PEER_ADDRESS)
    throw new VerbError('invalid', `this token is for the hypervisor ${parsed.hypervisor}`, {
      hint: 'make another one: skerry central token --standby',
    });
  if (new URL(parsed.url).hostname === config.name)
    throw new VerbError('invalid', `${config.name} is what the active central is called`);
  await makeFolder(dir);
  const membership = await joinWith(parsed, signal);
  const name = membership.bus.host;
  using database = openDatabase(dir);
  const standing = new Standing(database);
  standing.kept = { ...standing.kept, role: 'standby', active: name, since: Date.now() };
  standing.peer = { name, url: membership.url, membership };
  await saveConfig(dir, config);
  return name;
}

/** @throws CENTRAL_EXISTS */
async function makeFolder(dir: string): Promise<void> {
  if (existsSync(configIn(dir))) throw new SkerryError('CENTRAL_EXISTS', { data: { dir } });
  await mkdir(join(dir, 'bus'), { recursive: true, mode: 0o700 });
  await chmod(dir, 0o700);
  await ensureAuthority(join(dir, 'bus'));
}

/** Last: where it is, there is a central. */
async function saveConfig(dir: string, config: CentralConfig): Promise<void> {
  const text = JSON.stringify(schema.parse(config), null, 2);
  await writeFile(configIn(dir), `${text}\n`, { mode: 0o600 });
}

function configIn(dir: string): string {
  return join(dir, 'central.json');
}

/** @throws CENTRAL_MISSING when `init` has not been run there. */
export async function loadCentralConfig(dir: string): Promise<CentralConfig> {
  const text = await readFile(configIn(dir), 'utf8').catch(() => undefined);
  if (text === undefined) throw new SkerryError('CENTRAL_MISSING', { data: { dir } });
  return schema.parse(JSON.parse(text));
}

/** Runs it until it is disposed of. */
export async function runCentral(
  dir: string,
  options: {
    readonly version: string;
    readonly webDir: string | null;
    readonly signal?: AbortSignal;
    readonly log?: (line: string) => void;
  },
): Promise<RunningCentral> {
  const { version, webDir, signal, log } = options;
  const config = await loadCentralConfig(dir);
  await using stack = new AsyncDisposableStack();
  const ejabberd = stack.use(
    await keepEjabberd({
      dir: join(dir, 'bus'),
      domain: DOMAIN,
      host: config.listen,
      port: config.busPort,
      signal,
    }),
  );
  const bus = new XmppBus({
    address: OWN_ADDRESS,
    domain: ejabberd.busDomain,
    server: ejabberd.local,
    password: await ejabberd.addMember(OWN_ADDRESS),
  });
  const { ca } = ejabberd.remote;
  const admit = async (address: string, secret?: string): Promise<Membership> => ({
    address,
    central: config.name,
    url: urlOf(config),
    ca,
    bus: {
      domain: ejabberd.busDomain,
      host: config.name,
      port: config.busPort,
      password: await ejabberd.addMember(address, secret),
    },
  });
  const central = stack.use(
    new Central({
      bus,
      stateDir: dir,
      name: config.name,
      peerHost: { url: urlOf(config), admit, connect: async (member) => busOf(member) },
      ...(log && { log }),
    }),
  );
  await bus.ready();
  const accounts = new ChatAccounts(ejabberd.admin, DOMAIN);
  await accounts.prepare();
  central.chat = stack.use(
    new ChatPeople({
      ...{ central, accounts, domain: DOMAIN, log },
      server: { host: config.name, port: config.busPort, ca },
    }),
  );
  central.join = admit;
  central.expel = (hypervisor) => ejabberd.removeMember(hypervisor);
  stack.use(await serveControl(dir, central));
  const server = stack.use(
    await CentralServer.start({
      central,
      version,
      webDir,
      host: config.listen,
      port: config.webPort,
      tls: await webCertificate(dir, config),
    }),
  );
  central.streamBase = urlOf(config);
  const ends = stack.move();
  return {
    central,
    url: config.webPort === 0 ? server.url : urlOf(config),
    ended: ejabberd.ended,
    [Symbol.asyncDispose]: () => ends.disposeAsync(),
  };
}

/** A token for a hypervisor that joins; also while central runs. */
export async function makeJoinToken(dir: string, hypervisor: string): Promise<string> {
  const config = await loadCentralConfig(dir);
  const { certificate } = await ensureAuthority(join(dir, 'bus'));
  using database = openDatabase(dir);
  const { role, active } = new Standing(database).kept;
  if (role === 'standby')
    throw new SkerryError('CENTRAL_STANDBY', { data: { name: config.name, active } });
  return formatToken({
    hypervisor,
    url: urlOf(config),
    authority: fingerprintOf(certificate),
    secret: new Joins(database).issue(hypervisor),
  });
}

/** A link that logs a user in once; also while central runs. @throws CENTRAL_USER */
export async function makeLoginLink(dir: string, user: string): Promise<string> {
  const config = await loadCentralConfig(dir);
  using database = openDatabase(dir);
  const users = new Users(database);
  if (!users.exists(user))
    throw new SkerryError('CENTRAL_USER', {
      data: { user, known: users.names().join(', ') },
    });
  return `${urlOf(config)}/#login=${users.issue(user, 'link')}`;
}

function urlOf({ name, webPort }: CentralConfig): string {
  return `https://${name}:${webPort}`;
}

async function webCertificate(
  dir: string,
  config: CentralConfig,
): Promise<{ cert: string; key: string }> {
  if (config.certificate && config.key)
    return {
      cert: await readFile(config.certificate, 'utf8'),
      key: await readFile(config.key, 'utf8'),
    };
  const authority = await ensureAuthority(join(dir, 'bus'));
  const names = [
    config.name,
    ...(isIPv4(config.listen) && config.listen !== '0.0.0.0' ? [config.listen] : []),
  ];
  const { certificate, key } = issueCertificate(authority, names);
  // With its authority: an agent that joins looks at it.
  return { cert: `${certificate}\n${authority.certificate}`, key };
}
