// A private ejabberd, of the system's package, run by whoever runs us. It ends when we do, however we end: it reads a
// pipe of ours, and the end of that is its end. No epmd, no node name, no ejabberdctl.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, globSync } from 'node:fs';
import { chmod, mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SkerryError } from '../../../util/errors.ts';
import { poll } from '../../../util/poll.ts';
import { type Credential, issueCertificate, makeAuthority } from './certificate.ts';
import { EjabberdAdmin } from './ejabberd-admin.ts';
import { busDomain, ejabberdConfig } from './ejabberd-config.ts';
import type { ServerPlace } from './wire.ts';

export interface EjabberdOptions {
  /** Where its accounts, certificates and log are; nobody else may read there. A short path: a socket is in it. */
  readonly dir: string;
  /** Its accounts are `NAME@domain`. */
  readonly domain: string;
  /** The address it listens on. Default: 127.0.0.1. */
  readonly host?: string | undefined;
  /** Default: one that is free. */
  readonly port?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Ejabberd extends AsyncDisposable {
  readonly domain: string;
  /** The domain of the bus's members. */
  readonly busDomain: string;
  /** For parts on this computer: a socket, in a folder that only its owner enters. */
  readonly local: Extract<ServerPlace, { socketPath: string }>;
  /** For all others, people's clients among them: with TLS, and the certificate of its authority. */
  readonly remote: Extract<ServerPlace, { host: string }>;
  readonly admin: EjabberdAdmin;
  readonly pid: number;
  /** Resolves when it has ended, with the reason; it does not start again by itself. */
  readonly ended: Promise<string>;
  /** Makes the account of a member of the bus and gives its new password; or gives it this one. */
  addMember(address: string, password?: string): Promise<string>;
  /** It does not get on the bus any more; whoever is on it is sent away. */
  removeMember(address: string): Promise<void>;
}

const START_MS = 30_000;
const STOP_MS = 8000;
const BUS_GROUP = 'bus';
/** Waits for the end of its stdin; stops in good order, or not at all in good order. */
const END_WITH_STDIN =
  'spawn(fun() -> (fun W() -> case io:get_line("") of eof -> ok; {error, _} -> ok; _ -> W() end end)(), ' +
  `spawn(fun() -> timer:sleep(${STOP_MS / 2}), erlang:halt(1) end), init:stop() end).`;

/**
 * Starts it and waits until it answers.
 *
 * @throws SkerryError `BUS_MISSING`, `BUS_START`.
 */
export async function startEjabberd(options: EjabberdOptions): Promise<Ejabberd> {
  const { dir, domain, signal, host = '127.0.0.1' } = options;
  const libraries = findLibraries();
  const log = join(dir, 'ejabberd.log');
  const adminSocket = join(dir, 'admin.sock');
  const socketPath = join(dir, 'c2s.sock');
  if (Buffer.byteLength(adminSocket) > 107)
    throw new SkerryError('STATE_PATH_LONG', { data: { path: adminSocket } });
  await mkdir(dir, { recursive: true });
  await chmod(dir, 0o700);
  const authority = await ensureAuthority(dir);
  const certificate = await writeCertificate(dir, authority, domain, host);
  const port = options.port ?? (await freePort(host));
  const config = { domain, host, port, socket: socketPath, adminSocket, certificate };
  await writeFile(join(dir, 'ejabberd.yml'), ejabberdConfig(config), { mode: 0o600 });
  for (const socket of [adminSocket, socketPath]) await rm(socket, { force: true });
  const child = await launch(dir, libraries, log);
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, by) => resolve(`it ended with ${by ?? `code ${code}`}`));
  });
  const admin = new EjabberdAdmin(adminSocket);
  try {
    await waitUntilUp(child, admin, log, signal);
    await admin.shareRoster(busDomain(domain), BUS_GROUP);
  } catch (error) {
    await stop(child, ended);
    throw error;
  }
  return {
    domain,
    busDomain: busDomain(domain),
    local: { socketPath },
    remote: { host, port, ca: authority.certificate },
    admin,
    pid: child.pid ?? 0,
    ended,
    async addMember(address, password = randomBytes(24).toString('base64url')) {
      await admin.ensureAccount(address, busDomain(domain), password);
      return password;
    },
    removeMember: (address) => admin.removeAccount(address, busDomain(domain)),
    [Symbol.asyncDispose]: () => stop(child, ended),
  };
}

/** Where Erlang finds ejabberd: Debian has it beside Erlang's own libraries. */
function findLibraries(): string {
  const [found] = [
    ...globSync('/usr/lib/*/ejabberd-*/ebin/ejabberd.beam'),
    ...globSync('/usr/lib*/erlang/lib/ejabberd-*/ebin/ejabberd.beam'),
  ];
  if (!found) throw new SkerryError('BUS_MISSING');
  return dirname(dirname(dirname(found)));
}

async function launch(dir: string, libraries: string, log: string): Promise<ChildProcess> {
  const output = await open(join(dir, 'output.log'), 'w', 0o600);
  const child = spawn(
    'erl',
    [
      // Nobody else's turn is taken while it waits for work.
      ...['+K', 'true', '+sbwt', 'none', '+sbwtdcpu', 'none', '+sbwtdio', 'none'],
      ...['-noshell', '-mnesia', 'dir', `"${join(dir, 'db')}"`],
      ...['-eval', END_WITH_STDIN, '-s', 'ejabberd'],
    ],
    {
      stdio: ['pipe', output.fd, output.fd],
      cwd: dir,
      // In a group of its own: the terminal's Ctrl-C is for us, and we end it.
      detached: true,
      env: {
        PATH: `${process.env.PATH ?? ''}:/usr/bin:/bin`,
        HOME: dir,
        LC_ALL: 'C.UTF-8',
        ERL_LIBS: libraries,
        ERL_CRASH_DUMP: '/dev/null',
        EJABBERD_CONFIG_PATH: join(dir, 'ejabberd.yml'),
        EJABBERD_LOG_PATH: log,
      },
    },
  );
  try {
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (cause) => reject(new SkerryError('BUS_MISSING', { cause })));
    });
  } finally {
    await output.close();
  }
  child.stdin?.on('error', () => {});
  return child;
}

async function waitUntilUp(
  child: ChildProcess,
  admin: EjabberdAdmin,
  log: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const failed = async (reason: string): Promise<SkerryError> =>
    new SkerryError('BUS_START', { data: { reason: (await firstProblem(log)) ?? reason, log } });
  let isLate = false;
  await poll(
    async () => {
      if (child.exitCode !== null || child.signalCode !== null)
        throw await failed('it ended at once');
      return admin.call('status', {}, signal).then(
        () => true,
        () => undefined,
      );
    },
    {
      signal,
      timeoutMs: START_MS,
      intervalMs: 50,
      maxIntervalMs: 50,
      onTimeout: () => {
        isLate = true;
        return new Error('late');
      },
    },
  ).catch(async (error: unknown) => {
    throw isLate ? await failed(`it did not answer within ${START_MS / 1000} s`) : error;
  });
}

/** What its log tells of something bad since it was last started; the first of it is the reason of the others. */
async function firstProblem(log: string): Promise<string | undefined> {
  const text = await readFile(log, 'utf8').catch(() => '');
  const lines = text.slice(text.lastIndexOf('Loading configuration')).split('\n');
  const bad = lines.find((line) => /\[(?:critical|error)\]/.test(line));
  return bad?.replace(/^.*\[(?:critical|error)\] (?:<[\d.]+>@\S+ )?/, '');
}

async function stop(child: ChildProcess, ended: Promise<string>): Promise<void> {
  child.stdin?.end();
  const stopped = new AbortController();
  const killed = sleep(STOP_MS, undefined, { signal: stopped.signal }).then(
    () => child.kill('SIGKILL'),
    () => false,
  );
  await ended;
  stopped.abort();
  await killed;
}

/** The authority of an ejabberd's folder; it is made when there is none. */
export async function ensureAuthority(dir: string): Promise<Credential> {
  const files = { certificate: join(dir, 'ca.pem'), key: join(dir, 'ca-key.pem') };
  if (existsSync(files.certificate) && existsSync(files.key))
    return {
      certificate: await readFile(files.certificate, 'utf8'),
      key: await readFile(files.key, 'utf8'),
    };
  const authority = makeAuthority('Skerry bus');
  await writeFile(files.key, authority.key, { mode: 0o600 });
  await writeFile(files.certificate, authority.certificate);
  return authority;
}

/** Made anew at each start, so that it does not run out while somebody looks away. */
async function writeCertificate(
  dir: string,
  authority: Credential,
  domain: string,
  host: string,
): Promise<string> {
  const file = join(dir, 'server.pem');
  const { certificate, key } = issueCertificate(authority, [
    domain,
    busDomain(domain),
    `pubsub.${domain}`,
    host,
  ]);
  await writeFile(file, certificate + key, { mode: 0o600 });
  return file;
}

function freePort(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, host, () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
