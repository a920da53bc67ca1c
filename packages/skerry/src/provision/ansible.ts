import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import type { AnsibleConfig } from '../lab-file/config-provision.ts';
import { DEFAULTS } from '../lab-file/defaults.ts';
import type { ExecResult } from '../guest/exec.ts';
import { SkerryError } from '../util/errors.ts';
import { killGroup } from '../util/kill-group.ts';
import { run } from '../util/run.ts';
import { AnsibleReader, type AnsibleResult } from './ansible-output.ts';
import { provisionFailure } from './failure.ts';
import { PLAYBOOK_LEFT_OUT } from './host-files.ts';
import { formatInventory } from './inventory.ts';
import { OutputLines } from './output-lines.ts';
import { sendParcels } from './push-folders.ts';
import { formatEnd, runInGuest } from './run-in-guest.ts';
import type { ProvisionOutcome, ProvisionTarget } from './target.ts';

const RECEIVE = 'rm -rf "$1"; mkdir -p -m 0700 "$1"; tar -x -i -p -C "$1"';
/** Longer than any task is silent; what is kept open ends by itself after it when everything is killed. */
const PERSIST_S = 30;

/** Runs a playbook for one machine. @throws PROVISION_FAILED, PROVISION_ANSIBLE_MISSING */
export async function runAnsible(
  provisioner: string,
  config: AnsibleConfig,
  target: ProvisionTarget,
): Promise<ProvisionOutcome> {
  const reader = new AnsibleReader(target.machine.name);
  const onLine = (line: string): void => {
    reader.read(line);
    target.onLine(line);
  };
  const isLocal = (config.mode ?? DEFAULTS.ansibleMode) === 'local';
  const end = isLocal
    ? await runInMachine(provisioner, config, target, onLine)
    : await runHere(provisioner, config, target, onLine);
  if (end.exitCode !== 0) throw failure(provisioner, config, target, reader.result, end);
  const { changed, changes } = reader.result;
  const summary =
    changed === 0
      ? 'nothing to change'
      : `${changed ?? 'some'} ${changed === 1 ? 'task' : 'tasks'} changed`;
  return { changed, summary, changes };
}

interface End extends ExecResult {
  readonly tail: readonly string[];
}

async function runInMachine(
  provisioner: string,
  config: AnsibleConfig,
  target: ProvisionTarget,
  onLine: (line: string) => void,
): Promise<End> {
  const { lab, machine } = target;
  const playbook = resolve(lab.dir, config.playbook);
  const folder = `/var/lib/skerry/provision/${provisioner}`;
  const inventory = formatInventory(lab, config.groups ?? {}, { local: machine.name });
  await using own = await ownFolder({
    inventory,
    vars: JSON.stringify(config.extraVars ?? {}),
  });
  await sendParcels(
    provisioner,
    target,
    [
      { from: dirname(playbook), as: 'playbook', isFolder: true, exclude: PLAYBOOK_LEFT_OUT },
      { from: join(own.path, 'inventory'), as: 'inventory.yaml', isFolder: false },
      { from: join(own.path, 'vars'), as: 'vars.json', isFolder: false },
    ],
    { script: RECEIVE, args: [folder] },
  );
  const words = playbookWords(config, machine.name, {
    playbook: basename(playbook),
    inventory: '../inventory.yaml',
    vars: '../vars.json',
  });
  const command = ['/usr/bin/env', '-C', `${folder}/playbook`, 'ansible-playbook', ...words];
  return runInGuest(target, command, { onLine, env: ENVIRONMENT });
}

const ENVIRONMENT = {
  ANSIBLE_NOCOLOR: '1',
  ANSIBLE_NOCOWS: '1',
  ANSIBLE_PIPELINING: '1',
  ANSIBLE_SHOW_TASK_PATH_ON_FAILURE: '1',
  ANSIBLE_STDOUT_CALLBACK: 'default',
  ANSIBLE_LOCALHOST_WARNING: '0',
  PYTHONUNBUFFERED: '1',
};

async function runHere(
  provisioner: string,
  config: AnsibleConfig,
  target: ProvisionTarget,
  onLine: (line: string) => void,
): Promise<End> {
  const { lab, machine, signal } = target;
  const inventory = formatInventory(lab, config.groups ?? {}, {
    sshConfig: await target.sshConfig(),
  });
  await using own = await ownFolder({
    'inventory.yaml': inventory,
    'vars.json': JSON.stringify(config.extraVars ?? {}),
  });
  const words = playbookWords(config, machine.name, {
    playbook: resolve(lab.dir, config.playbook),
    inventory: join(own.path, 'inventory.yaml'),
    vars: join(own.path, 'vars.json'),
  });
  const child = spawn('ansible-playbook', words, {
    cwd: lab.dir,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: {
      ...process.env,
      ...ENVIRONMENT,
      ANSIBLE_SSH_ARGS: `-C -o ControlMaster=auto -o ControlPersist=${PERSIST_S}s`,
      ANSIBLE_SSH_CONTROL_PATH_DIR: own.path,
    },
  });
  const abort = (): void => killGroup(child.pid);
  signal.addEventListener('abort', abort, { once: true });
  const lines = new OutputLines(onLine);
  try {
    for (const name of ['stdout', 'stderr'] as const)
      child[name].on('data', (data: Buffer) => lines.push(name, data));
    const end = await endOf(child, provisioner);
    lines.end();
    signal.throwIfAborted();
    return { ...end, tail: lines.tail };
  } finally {
    signal.removeEventListener('abort', abort);
    killGroup(child.pid);
    await closeConnections(own.path);
  }
}

async function endOf(child: ChildProcess, provisioner: string): Promise<ExecResult> {
  try {
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
    return { exitCode: code ?? undefined, signal: signal ?? undefined };
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
    throw new SkerryError('PROVISION_ANSIBLE_MISSING', { data: { provisioner }, cause });
  }
}

/** Those that ssh keeps open for the next task: they are in sessions of their own. */
async function closeConnections(folder: string): Promise<void> {
  // The inventory and the variables are not sockets, and ssh says so.
  for (const name of (await readdir(folder)).filter((one) => !one.includes('.')))
    await run('ssh', ['-O', 'exit', '-o', `ControlPath=${join(folder, name)}`, 'machine'], {
      timeoutMs: 5000,
    }).catch(() => {});
}

function playbookWords(
  { options = [] }: AnsibleConfig,
  machine: string,
  files: { readonly playbook: string; readonly inventory: string; readonly vars: string },
): string[] {
  const { playbook, inventory, vars } = files;
  const given = ['--inventory', inventory, '--limit', machine, '--extra-vars', `@${vars}`];
  return [...given, ...options, playbook];
}

/** A folder of ours on this host, which nobody else can look into. */
async function ownFolder(
  files: Readonly<Record<string, string>>,
): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'skerry-ansible-'));
  for (const [name, content] of Object.entries(files))
    await writeFile(join(path, name), content, { mode: 0o600 });
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

function failure(
  provisioner: string,
  { playbook }: AnsibleConfig,
  target: ProvisionTarget,
  { failures }: AnsibleResult,
  end: End,
): SkerryError {
  const prefix = `/var/lib/skerry/provision/${provisioner}/playbook/`;
  const { dir } = target.lab;
  const folder = dirname(resolve(dir, playbook));
  const onHost = (place: string): string => {
    const path = place.startsWith(prefix) ? join(folder, place.slice(prefix.length)) : place;
    const below = relative(dir, path);
    return below.startsWith('..') || isAbsolute(below) ? path : below;
  };
  const said = failures.map(({ what, place }) =>
    place === undefined ? what : `${what} (${onHost(place)})`,
  );
  const [reason, tail] =
    said.length > 0 ? [said.join('\n  '), []] : [`ansible-playbook: ${formatEnd(end)}`, end.tail];
  const [, file, line] =
    /^(.*):(\d+)$/.exec(failures.find(({ place }) => place)?.place ?? '') ?? [];
  return provisionFailure({
    ...{ provisioner, target, reason, tail },
    ...(file !== undefined && { at: { file: resolve(dir, onHost(file)), line: Number(line) } }),
  });
}
