// The whole guest channel but the virtio port: the helper runs here, on a socket that stands for it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { duplexPair } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { execInGuest, type ExecOptions, type GuestChannel, runScript } from '../src/guest/exec.ts';
import { GuestRelay } from '../src/guest/relay.ts';
import { poll } from '../src/util/poll.ts';

const HELPER = fileURLToPath(new URL('../share/guest-helper.pl', import.meta.url));
let folder = '';
let server: Server;
let relay: GuestRelay;
let port: Socket;
let helpers: ChildProcess[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'guest-'));
  server = createServer({ pauseOnConnect: true }, (socket) => {
    port = socket;
    startHelper();
  });
  server.listen(join(folder, 'port'));
  await once(server, 'listening');
  relay = new GuestRelay(join(folder, 'port'), () => {});
  await relay.ready();
});

afterEach(async () => {
  server.close();
  port.destroy();
  for (const helper of helpers.filter(
    ({ exitCode, signalCode }) => exitCode === null && !signalCode,
  )) {
    helper.kill('SIGKILL');
    await once(helper, 'exit');
  }
  helpers = [];
  rmSync(folder, { recursive: true });
});

function startHelper(): void {
  helpers.push(spawn('perl', [HELPER, '3'], { stdio: ['ignore', 'inherit', 'ignore', port] }));
}

function open(): GuestChannel {
  const [near, far] = duplexPair();
  relay.attach(far, Buffer.alloc(0));
  return { machine: 'one', stream: near };
}

async function run(command: readonly string[], options: ExecOptions = {}) {
  const output = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  const result = await execInGuest(open(), command, {
    onOutput: (stream, data) => void output[stream].push(Buffer.from(data)),
    ...options,
  });
  return {
    ...result,
    stdout: Buffer.concat(output.stdout).toString(),
    stderr: Buffer.concat(output.stderr).toString(),
  };
}

const sh = (script: string, options?: ExecOptions) => run(['sh', '-c', script], options);

test('gives output, error output and the exit code', async () => {
  expect(await sh('echo out; echo err >&2; exit 3')).toEqual({
    exitCode: 3,
    signal: undefined,
    stdout: 'out\n',
    stderr: 'err\n',
  });
});

test('names the signal that ended it', async () => {
  expect(await sh('kill -TERM $$')).toMatchObject({ exitCode: undefined, signal: 'SIGTERM' });
});

test.each([
  ['no-such-program', 127, 'no-such-program: No such file or directory\n'],
  ['/etc/passwd', 126, '/etc/passwd: Permission denied\n'],
])('%s cannot be run', async (program, exitCode, stderr) => {
  expect(await run([program])).toMatchObject({ exitCode, stderr });
});

test('passes arguments, variables and stdin as they are', async () => {
  const words = ['', 'two words', '$HOME', "it's", 'line\nbreak', 'ünï'];
  const { stdout } = await run(['printf', '[%s]', ...words]);
  expect(stdout).toBe(words.map((word) => `[${word}]`).join(''));
  expect(
    (await sh('echo "$A"; cat', { env: ['A=b=c d'], input: [Buffer.from('in')] })).stdout,
  ).toBe('b=c d\nin');
});

test('output comes while the command runs', async () => {
  const seen: string[] = [];
  const done = execInGuest(open(), ['sh', '-c', 'echo first; read -r answer; echo $answer'], {
    input: [Buffer.from('second\n')],
    onOutput: (_, data) => void seen.push(data.toString()),
  });
  await done;
  expect(seen.join('')).toBe('first\nsecond\n');
});

test('many bytes both ways, with a slow reader', async () => {
  const input = Buffer.alloc(5 * 1024 * 1024, 'skerry ');
  let bytes = 0;
  const { exitCode } = await execInGuest(open(), ['cat'], {
    input: [input],
    onOutput: async (_, data) => {
      if (bytes === 0) await new Promise((resolve) => setTimeout(resolve, 200));
      bytes += data.length;
    },
  });
  expect([exitCode, bytes]).toEqual([0, input.length]);
});

test('input that fails ends the command', async () => {
  async function* torn(): AsyncGenerator<Buffer> {
    yield Buffer.from('a');
    await Promise.resolve();
    throw new Error('torn');
  }
  await expect(run(['cat'], { input: torn() })).rejects.toThrow('torn');
});

test('input that nobody reads does not hold anything up', async () => {
  const input = Buffer.alloc(2 * 1024 * 1024, 'x');
  expect(await sh('exec <&-; sleep 0.1; echo done', { input: [input] })).toMatchObject({
    exitCode: 0,
    stdout: 'done\n',
  });
});

test('commands run side by side, and a silent reader holds up only its own', async () => {
  const stuck = new AbortController();
  const held = execInGuest(open(), ['yes'], {
    signal: stuck.signal,
    onOutput: () => new Promise<void>(() => {}),
  });
  held.catch(() => {});
  const results = await Promise.all([1, 2, 3].map((code) => sh(`sleep 0.1; exit ${code}`)));
  expect(results.map(({ exitCode }) => exitCode)).toEqual([1, 2, 3]);
  stuck.abort();
  await expect(held).rejects.toThrow();
});

test('what it leaves running neither holds it up nor dies with it', async () => {
  const { stdout } = await sh('sleep 60 & echo $!');
  const pid = Number(stdout);
  expect(existsSync(`/proc/${pid}`)).toBe(true);
  process.kill(pid, 'SIGKILL');
});

test('an abort kills the command and its children, also those in a group of their own', async () => {
  const abort = new AbortController();
  let pids: number[] = [];
  const command = 'setsid sleep 61 & echo $! $$; wait';
  const done = execInGuest(open(), ['sh', '-c', command], {
    signal: abort.signal,
    onOutput: (_, data) => {
      pids = data.toString().trim().split(' ').map(Number);
      abort.abort(new Error('enough'));
    },
  });
  await expect(done).rejects.toThrow('enough');
  await poll(() => (pids.some((pid) => existsSync(`/proc/${pid}/exe`)) ? undefined : true), {
    timeoutMs: 5000,
    onTimeout: () => new Error(`still there: ${pids.join(' ')}`),
  });
});

test('what nobody reads any more is let go', async () => {
  const files = (): number => readdirSync(`/proc/${helpers[0]?.pid}/fd`).length;
  const before = files();
  const abort = new AbortController();
  const left = execInGuest(open(), ['head', '-c', '270000', '/dev/zero'], {
    signal: abort.signal,
    onOutput: () => new Promise<void>(() => {}),
  });
  left.catch(() => {});
  // The command has ended, but more than 256 KiB of it are on the way.
  await sh('sleep 0.2');
  expect(files()).toBeGreaterThan(before);
  abort.abort(new Error('enough'));
  await expect(left).rejects.toThrow('enough');
  await poll(() => (files() === before ? true : undefined), {
    timeoutMs: 5000,
    onTimeout: () => new Error(`${files()} files, ${before} before`),
  });
});

test('a helper that begins anew ends what the old one ran, and runs more', async () => {
  const [first] = helpers;
  const lost = run(['sh', '-c', 'kill -KILL $PPID']);
  lost.catch(() => {});
  await once(first as ChildProcess, 'exit');
  startHelper();
  await expect(lost).rejects.toMatchObject({ code: 'GUEST_LOST' });
  expect(await sh('echo again')).toMatchObject({ stdout: 'again\n' });
});

test('a helper that is stopped says so', async () => {
  await expect(run(['sh', '-c', 'kill -TERM $PPID; sleep 1'])).rejects.toMatchObject({
    code: 'GUEST_LOST',
  });
  const silent = relay.ready().then(() => 'ready');
  const soon = new Promise((resolve) => setTimeout(resolve, 50, 'silent'));
  expect(await Promise.race([silent, soon])).toBe('silent');
  startHelper();
  expect(await silent).toBe('ready');
});

test('where nothing listens the machine is off', async () => {
  const none = new GuestRelay(join(folder, 'none'), () => {});
  await expect(none.ready()).rejects.toThrow(/^it is off$/);
});

test('a script gets its text by stdin, and a deadline', async () => {
  expect(await runScript(open(), 'echo $0 $#; exit 4', { timeoutMs: 5000 })).toEqual({
    exitCode: 4,
    stdout: '/bin/sh 0\n',
    stderr: '',
  });
  await expect(runScript(open(), 'sleep 63', { timeoutMs: 50 })).rejects.toMatchObject({
    code: 'GUEST_SCRIPT_TIMEOUT',
    message: expect.stringContaining('one') as string,
  });
});

test.each([
  [['a\0b'], 'a command holds a NUL character'],
  [['x'.repeat(40_000)], 'more than 32768'],
])('refuses what it cannot carry', async (command, message) => {
  await expect(run(command)).rejects.toThrow(message);
});
