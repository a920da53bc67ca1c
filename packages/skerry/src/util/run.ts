import { spawn } from 'node:child_process';
import { SkerryError } from './errors.ts';
import { killGroup } from './kill-group.ts';

export interface RunOptions {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds until the process is killed; 30 s unless told. */
  readonly timeoutMs?: number;
  readonly input?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** In a process group of its own, of which nothing is left when it ends: for unshare (see killGroup). */
  readonly hasGroup?: boolean;
}

export interface RunResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end and gives what it said; does not throw on a non-zero code. PROGRAM_MISSING if absent. */
export async function run(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const deadline = AbortSignal.timeout(options.timeoutMs ?? 30_000);
  const signal = options.signal ? AbortSignal.any([options.signal, deadline]) : deadline;
  const child = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    signal,
    killSignal: 'SIGKILL',
    detached: options.hasGroup === true,
    ...(options.env && { env: options.env }),
    ...(options.cwd && { cwd: options.cwd }),
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.on('error', () => {}).end(options.input ?? '');
  if (options.hasGroup) child.on('exit', () => killGroup(child.pid));
  const code = await new Promise<number>((resolve, reject) => {
    child.on('error', (cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT')
        reject(new SkerryError('PROGRAM_MISSING', { data: { program }, cause }));
      else if (deadline.aborted)
        reject(new SkerryError('PROGRAM_TIMEOUT', { data: { program }, cause }));
      else reject(cause);
    });
    child.on('close', (exit) => resolve(exit ?? 1));
  });
  return { code, stdout, stderr };
}

/** The same, but a non-zero code throws PROGRAM_FAILED with what it wrote on stderr. */
export async function runOrThrow(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const { code, stdout, stderr } = await run(program, args, options);
  if (code !== 0) {
    const reason = (stderr.trim() || stdout.trim() || 'no output').slice(-600);
    throw new SkerryError('PROGRAM_FAILED', { data: { program, code, reason } });
  }
  return stdout;
}
