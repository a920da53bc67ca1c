// Starts the outermost process of a sandbox, and finds it again. It has sandbox.lock, which all others inherit, and its
// pid and start time are in sandbox.pid.
import { type ChildProcess, spawn } from 'node:child_process';
import { open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SkerryError } from '../util/errors.ts';
import type { LabPaths } from '../util/paths.ts';

/** The exit code when another has the lock. */
export const BUSY = 75;

export interface LaunchOptions {
  readonly paths: LabPaths;
  /** What makes the namespaces, and what runs in them. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** A pipe ends with whoever started it. */
  readonly stdin?: 'ignore' | 'pipe';
}

/** Runs a command under the lock, apart from this process; its output goes to log/sandbox.log. */
export async function launch(options: LaunchOptions): Promise<ChildProcess> {
  const { paths, command, env, stdin = 'ignore' } = options;
  const log = await open(join(paths.logDir, 'sandbox.log'), 'w');
  const lock = ['-n', '-F', '-E', String(BUSY), paths.sandboxLock];
  const child = spawn('flock', [...lock, ...command], {
    detached: true,
    stdio: [stdin, log.fd, log.fd],
    cwd: '/',
    env: { PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin`, LC_ALL: 'C.UTF-8', ...env },
  });
  await new Promise<void>((resolve, reject) => {
    child.on('spawn', resolve);
    child.on('error', (cause) =>
      reject(new SkerryError('PROGRAM_MISSING', { data: { program: 'flock' }, cause })),
    );
  });
  await log.close();
  child.unref();
  await writeFile(paths.sandboxPid, `${child.pid} ${(await startTimeOf(child.pid ?? 0)) ?? ''}`);
  return child;
}

/** Its exit code, or null while it runs. Asked, not listened for: it may have ended before anybody could listen. */
export function exitCodeOf(child: ChildProcess): number | null {
  return child.exitCode ?? (child.signalCode === null ? null : 1);
}

/** The pid of the outermost process, or undefined when it is gone. */
export async function outermostPid(paths: LabPaths): Promise<number | undefined> {
  const text = await readFile(paths.sandboxPid, 'utf8').catch(() => '');
  const [pid = '', startTime = ''] = text.split(' ');
  // A pid may have been given to another process since: its start time tells.
  if (!/^\d+$/.test(pid) || (await startTimeOf(Number(pid))) !== startTime.trim()) return undefined;
  return Number(pid);
}

/** The children of a process, oldest first. */
export async function childrenOf(pid: number): Promise<number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return children.split(' ').filter(Boolean).map(Number);
}

async function startTimeOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}
