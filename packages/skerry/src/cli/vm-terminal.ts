// `skerry vm console` and `skerry vm ssh`: into a machine of the cloud, through central's web port.
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Command } from 'commander';
import type { VmState } from '../cloud/entity.ts';
import { onTerminal } from '../util/on-terminal.ts';
import { cloudKnownHostsFile } from '../util/paths.ts';
import { shellJoin } from '../util/shell-quote.ts';
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
    `$ rsync -e 'ssh -o ProxyCommand="skerry vm ssh --stdio %n"' -a site/ root@web:/srv/`,
  );
}

async function runConsole(vm: string): Promise<void> {
  const signal = interruptible();
  const stream = await open(`skerry vm console ${vm}`, vm, 'serial', signal);
  process.stderr.write(`Console of ${vm}. Leave it with Ctrl-]; press Enter for a prompt.\n`);
  const { joinTerminal } = await import('./join-terminal.ts');
  await joinTerminal(stream, { input: process.stdin, output: process.stdout }, signal);
  process.stderr.write('\n');
}

interface SshOptions {
  readonly login: string;
  readonly identity?: string;
  readonly stdio?: boolean;
}

async function runSsh(
  vm: string,
  words: string[],
  { login, identity, stdio }: SshOptions,
): Promise<void> {
  const signal = interruptible();
  const command = `skerry vm ssh ${vm}`;
  if (stdio) {
    const stream = await open(command, vm, 'ssh', signal);
    // ssh ends us when it has what it wants.
    const ended = new Promise((resolve) => stream.on('error', resolve).on('close', resolve));
    signal.addEventListener('abort', () => stream.destroy(), { once: true });
    process.stdin.pipe(stream).pipe(process.stdout);
    await ended;
    process.stdin.destroy();
    return;
  }
  const path = `/vms/${encodeURIComponent(vm)}`;
  const { uuid, name } = (await askCloud(command, 'GET', path, undefined, signal)) as VmState;
  const known = cloudKnownHostsFile();
  await mkdir(dirname(known), { recursive: true, mode: 0o700 });
  const self = shellJoin([process.execPath, ...process.execArgv, process.argv[1] ?? '']);
  const options = [
    `ProxyCommand=${escapePercent(self)} vm ssh --stdio ${uuid}`,
    `UserKnownHostsFile="${escapePercent(known)}"`,
    // Machines come and go with their names, and are never the same.
    `HostKeyAlias=${uuid}`,
    'StrictHostKeyChecking=accept-new',
    'LogLevel=ERROR',
  ].flatMap((each) => ['-o', each]);
  const key = identity === undefined ? [] : ['-i', identity];
  const remote = words[0] === '--' ? words.slice(1) : words;
  const args = [...options, ...key, '-l', login, '--', name, ...remote];
  process.exitCode = await onTerminal('ssh', args);
}

async function open(command: string, vm: string, type: 'serial' | 'ssh', signal: AbortSignal) {
  const { openMachineStream } = await import('../cloud/client/machine-stream.ts');
  const { findCloud } = await import('./cloud-access.ts');
  return inCliWords(command, openMachineStream(await findCloud(), vm, type, signal));
}

/** ssh expands %h and the like in these. */
function escapePercent(text: string): string {
  return text.replaceAll('%', '%%');
}
