// `skerry vm console` and `skerry vm ssh`: into a machine of the cloud, through central's web port.
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Command } from 'commander';
import type { MachineStream } from '../cloud/client/machine-stream.ts';
import type { VmState } from '../cloud/entity.ts';
import type { VerbError } from '../cloud/verb-error.ts';
import { SkerryError } from '../util/errors.ts';
import { onTerminal } from '../util/on-terminal.ts';
import { cloudKnownHostsFile } from '../util/paths.ts';
import { poll } from '../util/poll.ts';
import { escapePercent, proxyCommand } from '../util/ssh-proxy-command.ts';
import { askCloud, inCliWords } from './cloud-words.ts';
import { interruptible, withExample } from './common.ts';

const NAME = 'its name or uuid';
/** Within that a machine boots, also under emulation; then it is not waited for. */
const STARTING_MS = 120_000;

export function defineConsole(command: Command): void {
  const sub = command
    .command('console')
    .description("Attach to a machine's serial console. Who was at it before has lost it.")
    .argument('<vm>', NAME)
    .action(runConsole);
  withExample(sub, '$ skerry vm console web     # leave it with Ctrl-]');
}

export function defineSsh(command: Command): void {
  const sub = command
    .command('ssh')
    .description(
      'Log in to a machine with ssh, by way of its hypervisor: this computer need not reach its network. Your own keys are used.',
    )
    .argument('<vm>', NAME)
    .argument('[command...]', 'a command to run there instead of a shell, after --')
    .option('-l, --login <user>', 'log in as another user', 'root')
    .option('-i, --identity <file>', 'the private key, where it is none of those that ssh tries')
    .option('--stdio', "join stdin and stdout to its ssh port: as ssh's ProxyCommand")
    .passThroughOptions()
    .action(runSsh);
  withExample(
    sub,
    '$ skerry vm ssh web',
    '$ skerry vm ssh web -- journalctl -fu ssh',
    '$ scp -o ProxyCommand="skerry vm ssh --stdio %n" site.tar root@web:/srv/',
  );
}

async function runConsole(vm: string): Promise<void> {
  const signal = interruptible();
  const { joinTerminal } = await import('./join-terminal.ts');
  const command = `skerry vm console ${vm}`;
  const { stream, problem } = await open(command, vm, 'serial', signal);
  process.stderr.write(`Console of ${vm}. Leave it with Ctrl-]; press Enter for a prompt.\n`);
  const terminal = { input: process.stdin, output: process.stdout };
  const endedBy = await joinTerminal(stream, terminal, signal);
  process.stderr.write('\n');
  await say(command, problem());
  if (endedBy === 'machine')
    process.stderr.write(`${vm} is off, has moved, or somebody else is at its console.\n`);
}

interface SshOptions {
  readonly login: string;
  readonly identity?: string;
  readonly stdio?: boolean;
}

async function runSsh(vm: string, words: string[], options: SshOptions): Promise<void> {
  const signal = interruptible();
  const command = `skerry vm ssh ${vm}`;
  if (options.stdio) return joinStdio(command, vm, signal);
  const { uuid, name } = await reachable(command, vm, signal);
  const known = cloudKnownHostsFile();
  await mkdir(dirname(known), { recursive: true, mode: 0o700 });
  const self = [process.execPath, ...process.execArgv, process.argv[1] ?? ''];
  const settings = [
    `ProxyCommand=${proxyCommand([...self, 'vm', 'ssh', '--stdio', uuid])}`,
    `UserKnownHostsFile="${escapePercent(known)}"`,
    // Machines come and go with their names, and are never the same.
    `HostKeyAlias=${uuid}`,
    'StrictHostKeyChecking=accept-new',
    // One of the user's own would lead to whoever else has that name.
    'ControlPath=none',
    'ServerAliveInterval=15',
    'LogLevel=ERROR',
  ].flatMap((each) => ['-o', each]);
  const { own, rest } = ownOptions(words, command);
  const { login, identity } = { ...options, ...own };
  const key = identity === undefined ? [] : ['-i', identity];
  const host = /^\w[\w.-]*$/.test(name) ? name : uuid;
  process.exitCode = await onTerminal(
    'ssh',
    [...settings, ...key, '-l', login, '--', host, ...rest],
    signal,
  );
}

/** As ssh has it, options may also stand between the machine and the command. */
function ownOptions(
  words: readonly string[],
  command: string,
): { own: Partial<SshOptions>; rest: readonly string[] } {
  const own: { login?: string; identity?: string } = {};
  for (let at = 0; ; at += 2) {
    const [word, value] = words.slice(at);
    const key = { '-i': 'identity', '-l': 'login' }[word ?? ''] as keyof typeof own | undefined;
    if (!key) return { own, rest: words.slice(word === '--' ? at + 1 : at) };
    if (value === undefined)
      throw new SkerryError('USAGE', { data: { detail: `what follows ${word}?`, command } });
    own[key] = value;
  }
}

/** The machine; one that was started a moment ago is waited for until its ssh port answers. */
async function reachable(command: string, vm: string, signal: AbortSignal): Promise<VmState> {
  const path = `/vms/${encodeURIComponent(vm)}`;
  const state = (await askCloud(command, 'GET', path, undefined, signal)) as VmState;
  const { openMachineStream } = await import('../cloud/client/machine-stream.ts');
  const { VerbError } = await import('../cloud/verb-error.ts');
  const { findCloud } = await import('./cloud-access.ts');
  const access = await findCloud();
  let problem: unknown;
  const look = async (): Promise<true | undefined> => {
    // What is in the way otherwise is said by whoever leads there.
    if (Date.now() - (state.runningSince ?? 0) > STARTING_MS) return true;
    try {
      (await openMachineStream(access, state.uuid, 'ssh', signal)).stream.destroy();
      return true;
    } catch (error) {
      if (!(error instanceof VerbError) || error.code !== 'timeout') throw error;
      if (!problem) process.stderr.write(`${vm} has just been started: waiting for its ssh …\n`);
      problem = error;
      return undefined;
    }
  };
  const onTimeout = (): Error => problem as Error;
  const timing = { timeoutMs: STARTING_MS, intervalMs: 500, maxIntervalMs: 1000 };
  await inCliWords(command, poll(look, { ...timing, signal, onTimeout }));
  return state;
}

/** ssh ends us when it has what it wants; what the machine's side ends, ends us too. */
async function joinStdio(command: string, vm: string, signal: AbortSignal): Promise<void> {
  const { stream, problem } = await open(command, vm, 'ssh', signal);
  const ended = new Promise<void>((resolve) => {
    for (const event of ['end', 'error', 'close']) stream.on(event, () => resolve());
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  process.stdin.pipe(stream).pipe(process.stdout);
  await ended;
  stream.destroy();
  process.stdin.destroy();
  await say(command, problem());
}

/** @throws what has gone wrong, in the words of the CLI */
async function say(command: string, problem: VerbError | undefined): Promise<void> {
  if (problem) await inCliWords(command, Promise.reject(problem));
}

async function open(
  command: string,
  vm: string,
  type: 'serial' | 'ssh',
  signal: AbortSignal,
): Promise<MachineStream> {
  const { openMachineStream } = await import('../cloud/client/machine-stream.ts');
  const { findCloud } = await import('./cloud-access.ts');
  return inCliWords(command, openMachineStream(await findCloud(), vm, type, signal));
}
