import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../../../test/e2e/support/port.ts';

/** A git server on loopback that serves all repositories of a folder; `url` ends with a slash. */
export interface GitServer extends AsyncDisposable {
  readonly url: string;
  readonly env: Readonly<Record<string, string>>;
}

/** `git daemon`, which lets everybody push here. */
export async function gitDaemon(root: string): Promise<GitServer> {
  const port = await freePort();
  const child = spawn(
    'git',
    [
      'daemon',
      '--export-all',
      '--enable=receive-pack',
      '--listen=127.0.0.1',
      `--port=${port}`,
      `--base-path=${root}`,
      '--reuseaddr',
      root,
    ],
    { stdio: 'ignore', detached: true },
  );
  await listening(port);
  return { url: `git://127.0.0.1:${port}/`, env: {}, [Symbol.asyncDispose]: () => stop(child) };
}

/**
 * OpenSSH's own sshd with a key of its own, as `user`; it passes GIT_PROTOCOL on, as forges do. HOME is a folder of its own:
 * a login shell would read what lies in the user's.
 */
export async function sshServer(dir: string, root: string, more = ''): Promise<GitServer> {
  const ssh = join(dir, 'sshd');
  await mkdir(ssh, { mode: 0o700 });
  for (const name of ['host', 'user'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(ssh, name)]);
  const port = await freePort();
  await writeFile(
    join(ssh, 'config'),
    `Port ${port}
ListenAddress 127.0.0.1
HostKey ${join(ssh, 'host')}
AuthorizedKeysFile ${join(ssh, 'user.pub')}
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin yes
AcceptEnv GIT_PROTOCOL
SetEnv HOME=${ssh}
${more}
`,
  );
  // For root it wants a folder that only the system's own service makes.
  const isolated = [
    'unshare',
    '--mount',
    'sh',
    '-c',
    'mount -t tmpfs tmpfs /run && mkdir /run/sshd && exec "$@"',
    'sh',
  ];
  const sshd = ['/usr/sbin/sshd', '-D', '-e', '-f', join(ssh, 'config')];
  const [program = '', ...args] = userInfo().uid === 0 ? [...isolated, ...sshd] : sshd;
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  await listening(port).catch((error: unknown) => {
    throw new Error(`sshd: ${said}`, { cause: error });
  });
  const known = `[127.0.0.1]:${port} ${await readFile(join(ssh, 'host.pub'), 'utf8')}`;
  await writeFile(join(ssh, 'known_hosts'), known);
  await chmod(join(ssh, 'user'), 0o600);
  const options = `-F none -i ${join(ssh, 'user')} -o UserKnownHostsFile=${join(ssh, 'known_hosts')} -o IdentitiesOnly=yes`;
  return {
    url: `ssh://${userInfo().username}@127.0.0.1:${port}${root}/`,
    env: { GIT_SSH_COMMAND: `ssh ${options}` },
    [Symbol.asyncDispose]: () => stop(child),
  };
}

/** `git http-backend` behind node's HTTP server, with a password. */
export async function httpServer(root: string): Promise<GitServer> {
  const password = `Basic ${Buffer.from('me:s3cret').toString('base64')}`;
  const server = createServer((request, response) => {
    if (request.headers.authorization !== password) {
      response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="git"' }).end();
      return;
    }
    const { pathname, search } = new URL(request.url ?? '/', 'http://x');
    const child = spawn('git', ['http-backend'], {
      env: {
        ...process.env,
        GIT_PROJECT_ROOT: root,
        GIT_HTTP_EXPORT_ALL: '1',
        REMOTE_USER: 'me',
        REQUEST_METHOD: request.method ?? 'GET',
        PATH_INFO: pathname,
        QUERY_STRING: search.slice(1),
        CONTENT_TYPE: request.headers['content-type'] ?? '',
        GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
        ...(request.headers['content-encoding'] && {
          HTTP_CONTENT_ENCODING: request.headers['content-encoding'],
        }),
      },
    });
    request.pipe(child.stdin);
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('close', () => {
      const all = Buffer.concat(chunks);
      const at = all.indexOf('\r\n\r\n');
      const headers = all.subarray(0, at).toString().split('\r\n');
      for (const line of headers) {
        const [name = '', value = ''] = line.split(': ');
        if (name === 'Status') response.statusCode = Number(value.slice(0, 3));
        else response.setHeader(name, value);
      }
      response.end(all.subarray(at + 4));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    env: {},
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function listening(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const socket = connect(port, '127.0.0.1');
    const isOpen = await new Promise((resolve) => {
      socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    });
    socket.destroy();
    if (isOpen) return;
    await sleep(25);
  }
  throw new Error(`nothing listens on port ${port}`);
}

async function stop(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
  await ended;
}
