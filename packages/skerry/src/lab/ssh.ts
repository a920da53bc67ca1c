import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { ExecResult } from '../guest/exec.ts';
import { onTerminal } from '../util/on-terminal.ts';
import { labPaths } from '../util/paths.ts';
import { shellJoin } from '../util/shell-quote.ts';
import { escapePercent, proxyCommand } from '../util/ssh-proxy-command.ts';
import { SCRIPT_EXTENSION } from '../util/script-extension.ts';
import type { LabSpec } from '../lab-file/spec.ts';
import { labOff } from './lab-off.ts';

const PROXY = fileURLToPath(new URL(`./ssh-proxy${SCRIPT_EXTENSION}`, import.meta.url));

/**
 * An OpenSSH configuration (ssh_config(5)) for all machines of the lab: it goes through the sandbox's gateway and
 * knows the host keys already.
 */
export async function sshConfig(lab: LabSpec): Promise<string> {
  const paths = labPaths(lab);
  const proxy = proxyCommand([process.execPath, PROXY, paths.gatewaySocket]);
  const hosts = lab.machines.map((machine) => {
    const names = [
      ...new Set([machine.name, machine.hostname, `${machine.hostname}.${lab.network.domain}`]),
    ];
    return `Host ${names.join(' ')}
  HostName ${machine.address}
  HostKeyAlias ${machine.hostname}.${lab.network.domain}
  User root
  Port 22
  IdentityFile "${escapePercent(join(paths.sshDir, 'id_ed25519'))}"
  IdentitiesOnly yes
  UserKnownHostsFile "${escapePercent(join(paths.sshDir, 'known_hosts'))}"
  StrictHostKeyChecking yes
  ProxyCommand ${proxy} %h %p
  LogLevel ERROR
`;
  });
  return hosts.join('\n');
}

/** Writes the configuration and the known hosts into the state folder and gives the configuration's path. */
export async function prepareSsh(lab: LabSpec): Promise<string> {
  const paths = labPaths(lab);
  if (!existsSync(join(paths.sshDir, 'id_ed25519'))) throw labOff(lab);
  await mkdir(paths.sshDir, { recursive: true, mode: 0o700 });
  const known = await Promise.all(
    lab.machines.map(async ({ name, hostname }) => {
      const key = await readFile(join(paths.sshDir, 'hosts', `${name}.pub`), 'utf8').catch(
        () => '',
      );
      return (
        key && `${hostname}.${lab.network.domain} ${key.split(' ').slice(0, 2).join(' ').trim()}\n`
      );
    }),
  );
  const config = join(paths.sshDir, 'config');
  await Promise.all([
    writeWhole(join(paths.sshDir, 'known_hosts'), known.join('')),
    sshConfig(lab).then((text) => writeWhole(config, text)),
  ]);
  return config;
}

/** Runs ssh on the caller's terminal and gives its exit code. */
export async function runSsh(
  lab: LabSpec,
  machine: string,
  args: readonly string[],
): Promise<number> {
  return onTerminal('ssh', ['-F', await prepareSsh(lab), machine, ...args]);
}

export interface SshExecOptions {
  readonly signal?: AbortSignal;
  readonly input?: Readable | undefined;
  readonly onOutput?: (stream: 'stdout' | 'stderr', data: Buffer) => void | Promise<unknown>;
}

/** Runs a command over ssh without a terminal: the fallback where a guest's helper does not answer. */
export async function execOverSsh(
  lab: LabSpec,
  machine: string,
  command: readonly string[],
  options: SshExecOptions,
): Promise<ExecResult> {
  const args = [
    '-F',
    await prepareSsh(lab),
    '-o',
    'BatchMode=yes',
    '-o',
    'ConnectTimeout=15',
    machine,
    shellJoin(command),
  ];
  const child = spawn('ssh', args, {
    stdio: 'pipe',
    ...(options.signal && { signal: options.signal }),
  });
  for (const name of ['stdout', 'stderr'] as const)
    child[name].on('data', (data: Buffer) => void options.onOutput?.(name, data));
  child.stdin.on('error', () => {});
  if (options.input) options.input.pipe(child.stdin);
  else child.stdin.end();
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) =>
      resolve({ exitCode: code ?? undefined, signal: signal ?? undefined }),
    );
  });
}

/** Several in this process may write it at the same time. */
async function writeWhole(path: string, text: string): Promise<void> {
  const fresh = `${path}.${randomUUID()}`;
  await writeFile(fresh, text, { mode: 0o600 });
  await rename(fresh, path);
}
