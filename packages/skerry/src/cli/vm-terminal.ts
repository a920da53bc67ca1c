// `skerry vm console` and `skerry vm ssh`: into a machine of the cloud, through central's web port.
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Command } from 'commander';
import type { MachineStream } from '../cloud/client/machine-stream.ts';
import type { VmState } from '../cloud/entity.ts';
import type { VerbError } from '../cloud/verb-error.ts';
import { onTerminal } from '../util/on-terminal.ts';
import { cloudKnownHostsFile } from '../util/paths.ts';
import { escapePercent, proxyCommand } from '../util/ssh-proxy-command.ts';
import { askCloud, inCliWords } from './cloud-words.ts';
import { interruptible, withExample } from './common.ts';

const NAME = 'its name or uuid';

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
    process.stderr.write(`${vm} is off, or somebody else is at its console.\n`);
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
  const path = `/vms/${encodeURIComponent(vm)}`;
  const { uuid } = (await askCloud(command, 'GET', path, undefined, signal)) as VmState;
  const known = cloudKnownHostsFile();
  await mkdir(dirname(known), { recursive: true, mode: 0o700 });
  const self = [process.execPath, ...process.execArgv, process.argv[1] ?? ''];
  const settings = [
    `ProxyCommand=${proxyCommand([...self, 'vm', 'ssh', '--stdio', uuid])}`,
    `UserKnownHostsFile="${escapePercent(known)}"`,
    'StrictHostKeyChecking=accept-new',
    // One of the user's own would lead to whoever else has that name.
    'ControlPath=none',
    'ServerAliveInterval=15',
    'LogLevel=ERROR',
  ].flatMap((each) => ['-o', each]);
  const key = options.identity === undefined ? [] : ['-i', options.identity];
  const remote = words[0] === '--' ? words.slice(1) : words;
  // By its uuid: names come and go, and what is said of one in ssh_config is of another machine.
  const args = [...settings, ...key, '-l', options.login, '--', uuid, ...remote];
  process.exitCode = await onTerminal('ssh', args, signal);
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
