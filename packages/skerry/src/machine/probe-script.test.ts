// The guest's script, run by this host's perl against real ports, files and commands.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTcpServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ProbeSpec } from '../lab-file/spec-sync.ts';
import { parseProbeEvent, type ProbeEvent, probeScript } from './probe-script.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skerry-probe-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

const probe = (kind: ProbeSpec['kind'], value: string | number, timeoutMs = 700): ProbeSpec => ({
  kind,
  value: String(value),
  timeoutMs,
});

interface Outcome {
  readonly code: number;
  readonly events: readonly ProbeEvent[];
  readonly errors: string;
}

/** As the guest's helper runs it: no record separator, strict. */
async function run(
  probes: readonly ProbeSpec[],
  address = '127.0.0.1',
  env: NodeJS.ProcessEnv = process.env,
): Promise<Outcome> {
  const helper = `use strict; use warnings; local $/; eval <STDIN> . "\\n; 1" or do { print STDERR $@; exit 1 }`;
  const child = spawn('perl', ['-e', helper], { env });
  child.stdin.end(probeScript(probes, address));
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => (said[name] += text));
  const [code] = (await once(child, 'close')) as [number];
  const events = said.stdout.split('\n').flatMap((line) => parseProbeEvent(line) ?? []);
  return { code, events, errors: said.stderr };
}

/**
 * The time of one is up, and that is told. Tried again: the last look has a fifth of a second, in which a busy computer may
 * give no answer.
 */
function expectLate(
  probes: readonly ProbeSpec[],
  events: readonly unknown[],
  env?: NodeJS.ProcessEnv,
): Promise<void> {
  return expect
    .poll(() => run(probes, '127.0.0.1', env), { timeout: 50_000 })
    .toMatchObject({ code: 1, events });
}

async function listen(server: Server, host = '127.0.0.1', port = 0): Promise<number> {
  server.listen(port, host);
  await once(server, 'listening');
  const bound = server.address();
  return typeof bound === 'object' && bound ? bound.port : 0;
}

async function closedPort(): Promise<number> {
  const server = createTcpServer();
  const port = await listen(server);
  server.close();
  await once(server, 'close');
  return port;
}

const web = (listener: RequestListener): Server => createServer(listener);

test('a port is ready when somebody listens, at 127.0.0.1 or at the own address', async () => {
  const [here, there] = [createTcpServer(), createTcpServer()];
  const ports = [await listen(here), await listen(there, '127.0.0.2')];
  const outcome = await run(
    ports.map((port) => probe('tcp', port)),
    '127.0.0.2',
  );
  here.close();
  there.close();
  expect(outcome).toEqual({
    code: 0,
    events: [
      { kind: 'ready', at: 0 },
      { kind: 'ready', at: 1 },
    ],
    errors: '',
  });
});

test('a port nobody listens on: refused, when its time is up', async () => {
  const { code, events } = await run([probe('tcp', await closedPort())]);
  expect(code).toBe(1);
  expect(events).toEqual([{ kind: 'late', at: 0, detail: 'Connection refused' }]);
});

test('it is seen when it comes later', async () => {
  const port = await closedPort();
  const server = createTcpServer();
  setTimeout(() => server.listen(port, '127.0.0.1'), 400);
  const { code } = await run([probe('tcp', port, 20_000)]);
  server.close();
  expect(code).toBe(0);
});

test('a web server is asked for its path by name, and 200 to 399 is ready', async () => {
  const asked: (string | undefined)[] = [];
  const server = web(({ url, headers }, answer) => {
    asked.push(url, headers.host);
    answer.writeHead(url === '/moved?a=b' ? 302 : 503).end();
  });
  const port = await listen(server);
  const good = await run([probe('http', `http://localhost:${port}/moved?a=b#part`, 20_000)]);
  await expectLate(
    [probe('http', `http://localhost:${port}`)],
    [{ kind: 'late', at: 0, detail: 'HTTP 503' }],
  );
  server.close();
  expect(good.code).toBe(0);
  expect(asked.slice(0, 2)).toEqual(['/moved?a=b', `localhost:${port}`]);
});

test('a server that does not speak, or not HTTP, is none', async () => {
  const silent = createTcpServer();
  const other = createTcpServer((socket) => socket.end('220 ready\r\n'));
  const ports = [await listen(silent), await listen(other)];
  const details = ['no answer', 'the answer is not HTTP'];
  await Promise.all(
    ports.map((port, at) =>
      expectLate(
        [probe('http', `http://127.0.0.1:${port}/`, 500)],
        [{ kind: 'late', at: 0, detail: details[at] }],
      ),
    ),
  );
  silent.close();
  other.close();
});

test('what cannot be asked says so', async () => {
  const { events } = await run([probe('http', 'https://localhost/', 100)]);
  expect(events).toMatchObject([{ kind: 'late', detail: expect.stringContaining('http://') }]);
});

test("a file with any name, quotes and all, that isn't there and comes", async () => {
  const path = join(folder, `it's "here" \\ ä`);
  const late = await run([probe('file', path, 200)]);
  expect(late.events).toEqual([{ kind: 'late', at: 0, detail: 'No such file or directory' }]);
  setTimeout(() => void writeFile(path, ''), 300);
  expect((await run([probe('file', path, 20_000)])).code).toBe(0);
});

test('a command is ready with exit code 0; else its code and the end of its output are told', async () => {
  const detail: unknown = expect.stringMatching(/^exit code 7: \.\.\.[\d ]+ 500 not yet$/);
  await expectLate(
    [
      probe('exec', `test "$(echo "it's")" = "it's"`),
      probe('exec', 'seq 1 500; echo not yet >&2; exit 7', 300),
    ],
    [
      { kind: 'ready', at: 0 },
      { kind: 'late', at: 1, detail },
    ],
  );
});

test('a command that hangs is killed with its children when its time is up', async () => {
  const mark = join(folder, 'alive');
  const { events } = await run([probe('exec', `(sleep 2; touch ${mark}) & wait`, 300)]);
  expect(events).toEqual([{ kind: 'late', at: 0, detail: 'it did not end' }]);
  await new Promise((resolve) => setTimeout(resolve, 2200));
  await expect(rm(mark)).rejects.toThrow('ENOENT');
});

test('a command that leaves something running is ready when it has ended itself', async () => {
  const began = performance.now();
  expect((await run([probe('exec', 'sleep 5 & true', 10_000)])).code).toBe(0);
  expect(performance.now() - began).toBeLessThan(4000);
});

test('a unit is ready when systemctl says so; else its state is told', async () => {
  const systemctl = '#!/bin/sh\necho "$3" | grep -q good && exit 0; echo activating; exit 3\n';
  await writeFile(join(folder, 'systemctl'), systemctl, { mode: 0o755 });
  const env = { ...process.env, PATH: `${folder}:${process.env.PATH ?? ''}` };
  await expectLate(
    [probe('unit', 'good.service'), probe('unit', 'slow.service')],
    [
      { kind: 'ready', at: 0 },
      { kind: 'late', at: 1, detail: 'activating' },
    ],
    env,
  );
});

test('what takes long says what it waits for', async () => {
  const detail = 'exit code 1: soon';
  await expectLate(
    [probe('exec', 'echo soon; false', 4500)],
    [
      { kind: 'wait', at: 0, detail },
      { kind: 'late', at: 0, detail },
    ],
  );
});
