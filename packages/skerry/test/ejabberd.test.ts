// The server of the bus as a process: that it leaves nothing, tells no secret, and says why it does not start.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { afterAll, expect, test } from 'vitest';
import { startEjabberd } from '../src/cloud/bus/xmpp/ejabberd.ts';
import { keepEjabberd } from '../src/cloud/bus/xmpp/keep-ejabberd.ts';
import { XmppBus } from '../src/cloud/bus/xmpp/xmpp-bus.ts';
import { poll } from '../src/util/poll.ts';

const dir = await mkdtemp('/tmp/skerry-ej-');
const source = new URL('../src/cloud/bus/xmpp/ejabberd.ts', import.meta.url);
let owner: ChildProcess | undefined;
afterAll(async () => {
  owner?.kill('SIGKILL');
  await rm(dir, { recursive: true, force: true });
});

/**
 * Processes that have the folder in their environment: ejabberd and all that it started. What it starts others with ends a
 * moment after it.
 */
function processesOf(folder: string): string[] {
  return globSync('/proc/[0-9]*/environ').flatMap((file) => {
    try {
      return readFileSync(file, 'latin1').includes(`HOME=${folder}\0`) ? [file] : [];
    } catch {
      return [];
    }
  });
}

test('who starts it may be killed at any time: it ends, and so does all that it started', async () => {
  const program = `
    import { startEjabberd } from ${JSON.stringify(source.href)};
    const server = await startEjabberd({ dir: ${JSON.stringify(dir)}, domain: 'kill.test' });
    console.log(await server.addMember('hv1'));
    await new Promise(() => setInterval(() => {}, 1000));`;
  const child = spawn(
    process.execPath,
    ['--conditions=@skerry/source', '--input-type=module-typescript', '-e', program],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  owner = child;
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  const password = await poll(() => said.trim() || undefined, {
    timeoutMs: 60_000,
    onTimeout: () => new Error('it did not start'),
  });
  const running = processesOf(dir);
  expect(running.length).toBeGreaterThan(0);
  // No node name, so no epmd; and no secret where others can read it.
  for (const file of running) {
    const command = readFileSync(file.replace('environ', 'cmdline'), 'latin1');
    expect(command).not.toContain(password);
    expect(command).not.toContain('epmd');
  }
  for (const file of ['ejabberd.log', 'output.log', 'ejabberd.yml'])
    expect(await readFile(`${dir}/${file}`, 'utf8')).not.toContain(password);
  for (const [file, mode] of [
    ['.', 0o700],
    ['ejabberd.yml', 0o600],
    ['server.pem', 0o600],
    ['ca-key.pem', 0o600],
  ] as const)
    expect((await stat(`${dir}/${file}`)).mode & 0o777).toBe(mode);

  child.kill('SIGKILL');
  await poll(() => processesOf(dir).length === 0 || undefined, {
    timeoutMs: 20_000,
    onTimeout: () => new Error(`still running: ${processesOf(dir).join(' ')}`),
  });
});

test('accounts outlive it, and a password that is set again is another one', async () => {
  expect(existsSync(`${dir}/db`)).toBe(true);
  await using server = await startEjabberd({ dir, domain: 'kill.test' });
  expect(await server.admin.accounts(server.busDomain)).toEqual(['hv1']);
  const before = await server.addMember('hv1');
  const after = await server.addMember('hv1');
  expect(after).not.toBe(before);
  const check = (password: string): Promise<unknown> =>
    server.admin.call('check_password', { user: 'hv1', host: server.busDomain, password });
  expect(await check(after)).toBe(0);
  expect(await check(before)).toBe(1);
  await server.admin.removeAccount('hv1', server.busDomain);
  expect(await server.admin.accounts(server.busDomain)).toEqual([]);
  // Commands that nobody needs are not there.
  await expect(server.admin.call('stop')).rejects.toThrow(/rights|right to perform/);
});

test('a port that is taken is said', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as { port: number };
  await expect(startEjabberd({ dir, domain: 'kill.test', port })).rejects.toMatchObject({
    code: 'BUS_START',
    message: expect.stringMatching(/^ejabberd did not start: .*(?:eaddrinuse|already in use)/i),
  });
  other.close();
  await expect.poll(() => processesOf(dir)).toEqual([]);
});

test('a start that is given up leaves nothing', async () => {
  const stop = AbortSignal.timeout(300);
  await expect(startEjabberd({ dir, domain: 'kill.test', signal: stop })).rejects.toThrow();
  await expect.poll(() => processesOf(dir)).toEqual([]);
});

test('one that is kept is there again when it dies, and so are its members', async () => {
  const server = await keepEjabberd({ dir, domain: 'kill.test' });
  const member = async (address: string): Promise<XmppBus> => {
    const password = await server.addMember(address);
    const bus = new XmppBus({ address, domain: server.busDomain, server: server.local, password });
    await bus.ready();
    return bus;
  };
  await using central = await member('central');
  await using agent = await member('hv1');
  agent.serve(async (body) => body);
  expect(await central.request('hv1', 1)).toBe(1);
  const { pid } = server;
  process.kill(pid, 'SIGKILL');
  await poll(() => (server.pid !== pid && central.connected && agent.connected) || undefined, {
    timeoutMs: 40_000,
    onTimeout: () => new Error('it is not back'),
  });
  expect(await central.request('hv1', 2)).toBe(2);
  await server[Symbol.asyncDispose]();
  await expect.poll(() => processesOf(dir)).toEqual([]);
});
