import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { SkerryError } from '../util/errors.ts';
import { killGroup, signalGroup } from '../util/kill-group.ts';
import { gitFailure } from './git-failure.ts';
import { isScratch } from './scratch-prefix.ts';

export interface GitOptions {
  /** Where it runs; a folder without a repository for what is only about a url. */
  readonly cwd?: string | undefined;
  readonly input?: string | Uint8Array;
  /** Added to the cleaned environment. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds until it is killed; 120 s unless told. */
  readonly timeoutMs?: number;
  /** What it is about, for the error: a component's name. */
  readonly about?: string | undefined;
  /** The remote it talks to, for the error. */
  readonly url?: string | undefined;
  /** Exit codes besides 0 that are an answer and no failure, such as 1 of merge-base --is-ancestor. */
  readonly answers?: readonly number[];
}

export interface GitResult {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/**
 * Nothing of a repository that we were started inside of (a hook, an alias) may leak into another one. Configuration in the
 * environment (GIT_CONFIG_COUNT; GIT_CONFIG_PARAMETERS, of `git -c`) is none of it: CI jobs pass credentials and insteadOf
 * so, and git itself keeps it for submodules. In a hook too, since what reached the remote of the push is to reach those
 * of components; our own `-c` win over it.
 */
const LEAKS =
  /^GIT_(DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|COMMON_DIR|NAMESPACE|PREFIX|QUARANTINE_PATH|CEILING_DIRECTORIES)$/;

/** What git gets to clean up when it is ended. */
const GRACE_MS = 2000;

const CONFIG = [
  ...['-c', 'core.quotePath=false'],
  ...['-c', 'gc.auto=0'],
  ...['-c', 'maintenance.auto=false'],
  ...['-c', 'advice.detachedHead=false'],
  ...['-c', 'protocol.ext.allow=never'],
];

/**
 * Runs git with an argument array and gives its stdout. It never asks (no terminal, no prompt), speaks English, and its
 * own error is passed on whole. Killed with all it started when the signal fires or the time is over.
 *
 * @throws SP_GIT, SP_TRANSIENT, SP_DENIED, SP_REPOSITORY_MISSING, PROGRAM_MISSING
 */
export async function runGit(args: readonly string[], options: GitOptions = {}): Promise<Buffer> {
  return (await tryGit(args, options)).stdout;
}

/** The same with its exit code, for `answers`. */
export async function tryGit(
  args: readonly string[],
  options: GitOptions = {},
): Promise<GitResult> {
  const { signal, timeoutMs = 120_000, answers = [] } = options;
  signal?.throwIfAborted();
  const deadline = AbortSignal.timeout(timeoutMs);
  const stop = signal ? AbortSignal.any([signal, deadline]) : deadline;
  const child = spawnGit(args, options);
  let timer: NodeJS.Timeout | undefined;
  const kill = (): void => {
    // On this one git removes its locks and what it downloaded by half.
    signalGroup(child.pid, 'SIGTERM');
    timer = setTimeout(() => killGroup(child.pid), GRACE_MS);
  };
  stop.addEventListener('abort', kill, { once: true });
  try {
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.stdin.on('error', () => {}).end(options.input ?? '');
    const [code] = (await once(child, 'close').catch(noGit)) as [number | null];
    signal?.throwIfAborted();
    const said = Buffer.concat(stderr).toString();
    if (deadline.aborted)
      throw gitFailure(args, options, `${said}no end after ${timeoutMs / 1000} s`, true);
    if (code !== 0 && !answers.includes(code ?? -1)) throw gitFailure(args, options, said);
    return { code: code ?? -1, stdout: Buffer.concat(stdout), stderr: said };
  } finally {
    stop.removeEventListener('abort', kill);
    clearTimeout(timer);
    if (stop.aborted) killGroup(child.pid);
  }
}

/**
 * Starts git as runGit does, for output that is read as it comes. It leads a session of its own: ssh finds no terminal to
 * ask for a password on, and killGroup ends all of it at once.
 */
export function spawnGit(
  args: readonly string[],
  { cwd, env }: Pick<GitOptions, 'cwd' | 'env'>,
): ChildProcessWithoutNullStreams {
  return spawn('git', [...CONFIG, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
    env: gitEnvironment(cwd, env),
    ...(cwd !== undefined && { cwd }),
  });
}

function gitEnvironment(cwd: string | undefined, more: GitOptions['env'] = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !LEAKS.test(name));
  return {
    ...Object.fromEntries(kept),
    // Named, for users whose git finds no bare repositories by itself (safe.bareRepository=explicit).
    ...(cwd !== undefined && isScratch(cwd) && { GIT_DIR: cwd }),
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_NO_LAZY_FETCH: '1',
    GIT_OPTIONAL_LOCKS: '0',
    ...more,
  };
}

function noGit(cause: NodeJS.ErrnoException): never {
  if (cause.code === 'ENOENT')
    throw new SkerryError('PROGRAM_MISSING', { data: { program: 'git' }, cause });
  throw cause;
}
