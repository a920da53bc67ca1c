// A cloud as on real hosts, by its commands, in a network of its own where 10.77.0.1 is no loopback: so all of it speaks TLS.
// Prints what happened as JSON. Argument: a folder.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startDaemon } from '../../../libvirt/test/daemon.ts';

const HOST = '10.77.0.1';
const [dir = ''] = process.argv.slice(2);
const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const argv = ['--conditions=@skerry/source', main];
const [centralDir, agentDir] = [join(dir, 'central'), join(dir, 'agent')];
const processes: ChildProcess[] = [];

execFileSync('ip', ['link', 'set', 'lo', 'up']);
execFileSync('ip', ['addr', 'add', `${HOST}/32`, 'dev', 'lo']);
const daemon = await startDaemon();
try {
  const story: Record<string, unknown> = {};
  const central = ['--dir', centralDir];
  skerry('central', 'init', '--name', HOST, '--listen', HOST, ...central);
  story['again'] = failure('central', 'init', '--name', HOST, ...central);
  story['mode'] = ((await stat(centralDir)).mode & 0o777).toString(8);
  await serve('Central runs', 'central', 'run', ...central);
  const token = skerry('central', 'token', 'hv1', ...central);
  const joined = [
    'agent',
    'join',
    '-',
    '--dir',
    agentDir,
    '--libvirt',
    daemon.uri('test:///default'),
  ];
  story['joined'] = skerry({ input: token }, ...joined).split('. ')[0];
  story['twice'] = failure({ input: token }, ...joined);
  story['other authority'] = failure({ input: withOtherAuthority(token) }, ...joined);
  story['no token'] = failure({ input: 'hello' }, ...joined);
  story['agent mode'] = ((await stat(join(agentDir, 'agent-host.json'))).mode & 0o777).toString(8);
  const agent = await serve('The agent of hv1 runs', 'agent', 'run', '--dir', agentDir);
  const link = new URL(skerry('central', 'login-link', ...central));
  const cookie = await logIn(link);
  story['vms'] = await poll(
    async () => ((await get('/api/v1/vms', cookie)) as { name: string }[]).map(({ name }) => name),
    (names) => names.length > 0,
  );
  agent.kill('SIGKILL');
  await new Promise((resolve) => agent.once('exit', resolve));
  await serve('The agent of hv1 runs', 'agent', 'run', '--dir', agentDir);
  story['after kill -9'] = await poll(
    async () => (await post('/api/v1/vms/test/info', cookie)).status,
    (status) => status === 200,
  );
  story['unit'] = skerry('agent', 'unit', '--dir', agentDir).includes(' agent run --dir ');
  console.log(JSON.stringify(story));
} finally {
  for (const child of processes) child.kill('SIGTERM');
  await daemon[Symbol.asyncDispose]();
}

interface Input {
  readonly input?: string;
}

function skerry(...words: (string | Input)[]): string {
  const { input } = words.find((word): word is Input => typeof word !== 'string') ?? {};
  const args = words.filter((word) => typeof word === 'string');
  return execFileSync(process.execPath, [...argv, ...args], {
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: 60_000,
    ...(input !== undefined && { input }),
  }).trim();
}

/** The first line of what it says when it fails. */
function failure(...words: (string | Input)[]): string {
  try {
    skerry(...words);
  } catch (error) {
    return (error as { stderr: string }).stderr.split('\n')[0]?.replaceAll(dir, 'DIR') ?? '';
  }
  return 'it did not fail';
}

/** Starts a command that goes on, and waits for its words. */
async function serve(words: string, ...args: string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, [...argv, ...args], {
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  processes.push(child);
  const deadline = setTimeout(() => child.kill('SIGKILL'), 60_000);
  let said = '';
  for await (const line of createInterface({ input: child.stderr })) {
    said += `${line}\n`;
    if (line.includes(words)) {
      clearTimeout(deadline);
      child.stderr.resume();
      return child;
    }
  }
  throw new Error(`${args.join(' ')} ended: ${said}`);
}

function withOtherAuthority(token: string): string {
  const [, body = ''] = token.split('skerry-join-');
  const parsed = JSON.parse(Buffer.from(body, 'base64url').toString()) as { authority: string };
  const changed = { ...parsed, authority: 'f'.repeat(64) };
  return `skerry-join-${Buffer.from(JSON.stringify(changed)).toString('base64url')}`;
}

async function call(method: string, path: string, headers: Record<string, string>, body?: string) {
  const ca = await readFile(join(centralDir, 'bus', 'ca.pem'), 'utf8');
  const { promise, resolve, reject } = Promise.withResolvers<{
    status: number;
    text: string;
    cookie: string;
  }>();
  const asked = request(
    { host: HOST, port: 8443, method, path, ca, headers: { 'x-skerry': '1', ...headers } },
    (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          text,
          cookie: String(response.headers['set-cookie'] ?? ''),
        }),
      );
    },
  );
  asked.on('error', reject).end(body);
  return promise;
}

async function logIn(link: URL): Promise<string> {
  const token = link.hash.replace('#login=', '');
  const { cookie } = await call('POST', '/api/v1/login/link', {}, JSON.stringify({ token }));
  if (!/; Secure/i.test(cookie)) throw new Error(`the cookie is not for TLS alone: ${cookie}`);
  return cookie.split(';')[0] ?? '';
}

async function get(path: string, cookie: string): Promise<unknown> {
  return JSON.parse((await call('GET', path, { cookie })).text);
}

function post(path: string, cookie: string): Promise<{ status: number }> {
  return call('POST', path, { cookie }, '{}');
}

async function poll<T>(ask: () => Promise<T>, isGood: (found: T) => boolean): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    const found = await ask();
    if (isGood(found) || attempt > 200) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
