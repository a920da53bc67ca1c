import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connect, type ConnectOptions } from '@skerry/libvirt';
import { makeCertificates } from './certificates.ts';
import { type Daemon, startDaemon } from './daemon.ts';

const run = promisify(execFile);
const client = join(import.meta.dirname, 'remote-client.ts');
const tlsFiles = [
  'ca_file = "FOLDER/pki/server/cacert.pem"',
  'cert_file = "FOLDER/pki/server/servercert.pem"',
  'key_file = "FOLDER/pki/server/serverkey.pem"',
];

/** Runs a program in the daemon's namespaces. Returns what it prints. */
async function inside(daemon: Daemon, argv: readonly string[]): Promise<string> {
  const nsenter = ['-a', '-t', String(await daemon.initPid()), ...argv];
  return (await run('nsenter', nsenter, { timeout: 60_000 })).stdout;
}

/** What a client finds who connects from inside the daemon's network. */
async function visit(daemon: Daemon, uri: string, options: ConnectOptions = {}): Promise<unknown> {
  const node = [process.execPath, '--conditions=@skerry/source', client];
  return JSON.parse(await inside(daemon, [...node, uri, JSON.stringify(options)]));
}

const found = { uri: 'test:///default', domains: ['test'], screenshotBytes: 33443 };

describe('TLS (rule 15)', () => {
  let daemon: Daemon;
  const uri = (host: string, query: string): string =>
    `test+tls://${host}/default?${query.replaceAll('PKI', `${daemon.folder}/pki`)}`;

  beforeAll(async () => {
    daemon = await startDaemon({
      listen: true,
      conf: ['listen_tls = 1', 'auth_tls = "none"', ...tlsFiles],
      prepare: (folder) => makeCertificates(join(folder, 'pki')),
    });
  });
  afterAll(() => daemon?.[Symbol.asyncDispose]());

  test('connects with certificates: calls, events, streams', async () => {
    const secure = { ...found, isSecure: true };
    expect(await visit(daemon, uri('localhost', 'pkipath=PKI/client'))).toEqual(secure);
    expect(await visit(daemon, uri('127.0.0.1:16514', 'pkipath=PKI/client'))).toEqual(secure);
  });

  test('checks the name of the server, unless told not to', async () => {
    expect(await visit(daemon, uri('127.0.0.2', 'pkipath=PKI/client'))).toMatchObject({
      code: 'CONNECT_FAILED',
      message: expect.stringMatching(/does not match.*127\.0\.0\.2/),
    });
    expect(await visit(daemon, uri('127.0.0.2', 'pkipath=PKI/client&no_verify=1'))).toMatchObject(
      found,
    );
  });

  test('refuses a server whose CA it does not know', async () => {
    expect(await visit(daemon, uri('localhost', 'pkipath=PKI/stranger'))).toMatchObject({
      code: 'CONNECT_FAILED',
      message: expect.stringMatching(/certificate/),
    });
  });

  test.each([
    ['of a stranger', 'pkipath=PKI/stranger&no_verify=1'],
    ['that is not there', 'pkipath=PKI/ca&no_verify=1'],
  ])('says so when the daemon refuses a client certificate %s', async (_, query) => {
    await run('cp', [`${daemon.folder}/pki/ca/cert.pem`, `${daemon.folder}/pki/ca/cacert.pem`]);
    expect(await visit(daemon, uri('localhost', query))).toMatchObject({
      code: 'CONNECT_FAILED',
      message: expect.stringMatching(/certificate|closed|alert|reset/i),
    });
  });
});

const hasSasl = existsSync('/usr/sbin/saslpasswd2');
const saslName = hasSasl ? 'SASL' : 'SASL (not run: saslpasswd2 is missing, package sasl2-bin)';

describe.runIf(hasSasl)(saslName, () => {
  let daemon: Daemon;
  const tls = (): string => `test+tls://localhost/default?pkipath=${daemon.folder}/pki/client`;
  const credentials = { username: 'fred', password: 'pässword, with = and ,' };

  async function prepare(folder: string): Promise<void> {
    await makeCertificates(join(folder, 'pki'));
    await mkdir(join(folder, 'sasl2'));
    await offer(folder, 'scram-sha-256');
    const arguments_ = ['-p', '-c', '-f', join(folder, 'sasldb'), '-a', 'libvirt', 'fred'];
    const child = spawn('/usr/sbin/saslpasswd2', arguments_, {
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    child.stdin.end(credentials.password);
    await once(child, 'exit');
  }

  /** Read by the daemon for each new client. */
  async function offer(folder: string, mechanisms: string): Promise<void> {
    const lines = [`mech_list: ${mechanisms}`, `sasldb_path: ${folder}/sasldb`];
    await writeFile(join(folder, 'sasl2', 'libvirt.conf'), `${lines.join('\n')}\n`);
  }

  async function start(mechanisms: string): Promise<void> {
    await daemon?.[Symbol.asyncDispose]();
    daemon = await startDaemon({
      listen: true,
      conf: [
        ...['listen_tls = 1', 'listen_tcp = 1', 'auth_tls = "sasl"', 'auth_tcp = "sasl"'],
        ...['auth_unix_ro = "sasl"', ...tlsFiles],
      ],
      prepare: async (folder) => {
        await prepare(folder);
        await offer(folder, mechanisms);
      },
    });
  }

  afterAll(() => daemon?.[Symbol.asyncDispose]());

  test.each(['scram-sha-512', 'scram-sha-256', 'scram-sha-1', 'plain'])(
    'logs in by %s, over TLS and over a unix socket',
    async (mechanism) => {
      await start(mechanism);
      expect(await visit(daemon, tls(), { credentials })).toMatchObject(found);
      const socket = `${daemon.folder}/libvirt-sock-ro`;
      const asked: string[] = [];
      await using conn = await connect(`test:///default?socket=${socket}`, {
        credentials: (request) => {
          asked.push(request.mechanism.toLowerCase());
          return credentials;
        },
      });
      expect(await conn.uri()).toBe('test:///default');
      expect(asked).toEqual([mechanism]);

      const wrong = { ...credentials, password: 'wrong' };
      const refused = { code: 45, message: expect.not.stringContaining('wrong') };
      expect(await visit(daemon, tls(), { credentials: wrong })).toMatchObject(refused);
    },
  );

  test('over plain TCP is not enough: libvirt offers only what encrypts', async () => {
    expect(await visit(daemon, 'test+tcp://127.0.0.1/default', { credentials })).toMatchObject({
      code: 'CONNECT_FAILED',
      message: expect.stringMatching(/use tls or ssh/),
    });
  });
});

const hasSshd = existsSync('/usr/sbin/sshd');
const sshName = hasSshd
  ? 'ssh (rule 16)'
  : 'ssh (not run: sshd is missing, package openssh-server)';

describe.runIf(hasSshd)(sshName, () => {
  let daemon: Daemon;
  const uri = (path: string, query: string): string =>
    `test+ssh://root@127.0.0.1:2222/${path}?command=${daemon.folder}/ssh&no_tty=1&${query}`;

  beforeAll(async () => {
    daemon = await startDaemon();
    const { folder } = daemon;
    const key = (name: string): string[] => ['-q', '-t', 'ed25519', '-N', '', '-f', name];
    await run('ssh-keygen', key(join(folder, 'host')));
    await run('ssh-keygen', key(join(folder, 'id')));
    await writeFile(join(folder, 'sshd_config'), sshdConfig(folder));
    const known = '"$@"';
    const options = `-F none -o UserKnownHostsFile=${folder}/known_hosts -o IdentitiesOnly=yes`;
    await writeFile(join(folder, 'ssh'), `#!/bin/sh\nexec ssh ${options} ${known}\n`);
    await chmod(join(folder, 'ssh'), 0o755);
    const script = `mkdir -p /run/sshd && ln -sf ${folder}/libvirt-sock ${folder}/libvirt-sock-ro /run/libvirt/ &&
      /usr/sbin/sshd -f ${folder}/sshd_config -E ${folder}/sshd.log`;
    await inside(daemon, ['sh', '-c', script]);
  });
  afterAll(() => daemon?.[Symbol.asyncDispose]());

  // HOME: the login shell would read what the user's own one holds, and that can wait for locks of whatever is there.
  const sshdConfig = (folder: string): string => `
    Port 2222
    ListenAddress 127.0.0.1
    HostKey ${folder}/host
    AuthorizedKeysFile ${folder}/id.pub
    PidFile ${folder}/sshd.pid
    PermitRootLogin yes
    PasswordAuthentication no
    StrictModes no
    UsePAM no
    SetEnv HOME=${folder}
  `;

  test('does not trust a host that it does not know', async () => {
    expect(await visit(daemon, uri('default', `keyfile=${daemon.folder}/id`))).toMatchObject({
      code: 'CONNECT_FAILED',
      message: expect.stringContaining('Host key verification failed'),
    });
  });

  test.each([
    ['virt-ssh-helper', 'proxy=native'],
    ['netcat', 'proxy=netcat'],
    ['what is there', ''],
    ['a socket of ours', 'socket=FOLDER/libvirt-sock'],
  ])('connects by %s: calls, events, streams', async (_, query) => {
    const { folder } = daemon;
    const all = `keyfile=${folder}/id&no_verify=1&${query.replace('FOLDER', folder)}`;
    expect(await visit(daemon, uri('default', all))).toEqual({ ...found, isSecure: true });
  });

  test('connects for reading', async () => {
    const all = `keyfile=${daemon.folder}/id&no_verify=1&proxy=native`;
    expect(await visit(daemon, uri('default', all), { readOnly: true })).toMatchObject({
      code: 29,
    });
  });

  test('says what ssh and the other side say', async () => {
    const key = `keyfile=${daemon.folder}/host&no_verify=1`;
    expect(await visit(daemon, uri('default', key))).toMatchObject({
      code: 'CONNECT_FAILED',
      message: expect.stringMatching(/ssh ended with status 255: .*Permission denied/s),
    });
    const missing = `keyfile=${daemon.folder}/id&no_verify=1&socket=/nowhere/sock`;
    expect(await visit(daemon, uri('default', missing))).toMatchObject({
      message: expect.stringContaining('no libvirt socket at /nowhere/sock'),
    });
  });

  test('leaves no ssh behind', async () => {
    // The last one may be about to end.
    const all = (): Promise<string> =>
      inside(daemon, ['sh', '-c', 'cat /proc/[0-9]*/cmdline | tr "\\0" " "']);
    await expect.poll(all, { timeout: 20_000 }).not.toMatch(/virt-ssh-helper|nc -U|-e none/);
  });
});

test.runIf(process.getuid?.() === 0)(
  'an ordinary user’s own daemon is started when asked for, and only then (rule 13; only run by root)',
  async () => {
    const home = await mkdtemp(join(tmpdir(), 'skerry-session-'));
    await using _ = { [Symbol.asyncDispose]: () => rm(home, { recursive: true, force: true }) };
    await chown(home, 65_534, 65_534);
    // A pid namespace, so that the daemon ends with the last client instead of two minutes later.
    const script = `
      visit() { "$1" --conditions=@skerry/source "$2" "$3" "$4"; }
      visit "$@" '{}'
      visit "$@" '{ "autostart": true }'
      visit "$@" '{}'`;
    const argv = [
      ...['--pid', '--fork', '--kill-child', '--mount-proc', '--net'],
      ...['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'],
      ...['env', `HOME=${home}`, `XDG_RUNTIME_DIR=${home}`, 'sh', '-c', script, 'sh'],
      ...[process.execPath, client, 'qemu:///session?mode=legacy'],
    ];
    const { stdout } = await run('unshare', argv, { timeout: 60_000 });
    const [before, started, after] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(before).toMatchObject({
      code: 'CONNECT_FAILED',
      message: expect.stringMatching(/ENOENT/),
    });
    expect(started).toMatchObject({ uri: 'qemu:///session', domains: [] });
    expect(after).toEqual(started);
  },
);

test('a lost libvirtd is replaced by the next one: events and calls go on', async () => {
  const first = await startDaemon();
  let current = first;
  const dial = async (signal: AbortSignal): Promise<Socket> => {
    signal.throwIfAborted();
    const socket = createConnection(current.socket);
    await once(socket, 'connect', { signal });
    return socket;
  };
  await using conn = await connect('test:///default', { dial, reconnect: true });
  await using events = await conn.events({ types: ['lifecycle'] });
  const domain = await conn.domain('test');
  await domain.suspend();
  expect((await events.next()).value).toMatchObject({ type: 'lifecycle', event: 'suspended' });

  first.kill();
  await using second = await startDaemon();
  current = second;
  expect((await events.next()).value).toMatchObject({ type: 'resync', reason: 'reconnected' });
  expect(await domain.state()).toMatchObject({ state: 'running' });
  await domain.suspend();
  expect((await events.next()).value).toMatchObject({ type: 'lifecycle', event: 'suspended' });
  await first[Symbol.asyncDispose]();
});

test('takes the driver’s own socket first, then libvirtd’s (libvirtd behind both: Debian has no virtqemud)', async () => {
  await using daemon = await startDaemon();
  const link = async (name: string): Promise<unknown> =>
    inside(daemon, ['ln', '-s', daemon.socket, `/run/libvirt/${name}`]);
  const uri = (query: string): Promise<unknown> => visit(daemon, `qemu:///system${query}`);
  const answers = { uri: 'qemu:///system' };
  const missing = (name: string): object => ({
    code: 'CONNECT_FAILED',
    message: expect.stringContaining(name),
  });

  expect(await uri('')).toMatchObject(missing('virtqemud-sock or /run/libvirt/libvirt-sock'));
  await link('libvirt-sock');
  expect(await uri('')).toMatchObject(answers);
  expect(await uri('?mode=direct')).toMatchObject(missing('virtqemud-sock'));
  await link('virtqemud-sock');
  expect(await uri('?mode=direct')).toMatchObject(answers);
  await inside(daemon, ['rm', '/run/libvirt/libvirt-sock']);
  expect(await uri('')).toMatchObject(answers);
  expect(await uri('?mode=legacy')).toMatchObject(missing('libvirt-sock'));
});
