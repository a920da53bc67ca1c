// Runs the real program, bin/skerry.js, as a person would: another process, its words and its exit code.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export const SKERRY: string = fileURLToPath(
  new URL('../../../packages/skerry/bin/skerry.js', import.meta.url),
);
const LIMIT_MS = 300_000;

export interface Outcome {
  /** 128 + the signal's number where a signal ended it, as a shell has it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** What is piped in; `'open'` leaves the pipe to the test. Without it there is no stdin. */
  readonly input?: string | Buffer;
  readonly timeoutMs?: number;
}

/** A process under way, with what it has said so far. */
export interface Running {
  readonly child: ChildProcess;
  readonly said: { stdout: string; stderr: string };
  readonly ended: Promise<Outcome>;
  /** Resolves when what it said matches. */
  readonly heard: (pattern: RegExp) => Promise<RegExpExecArray>;
}

/** Starts a program; it is killed, with its group, when it outlives its time. */
export function start(words: readonly string[], options: RunOptions = {}): Running {
  const [program = '', ...args] = words;
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    detached: true,
  });
  const said = { stdout: '', stderr: '' };
  const listeners = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
      for (const listener of listeners) listener();
    });
  }
  child.stdin?.on('error', () => {});
  if (options.input !== 'open') child.stdin?.end(options.input);
  const timer = setTimeout(() => killGroup(child), options.timeoutMs ?? LIMIT_MS);
  const ended = once(child, 'close').then(([code, signal]): Outcome => {
    clearTimeout(timer);
    return { code: (code as number | null) ?? 128 + (signal === 'SIGKILL' ? 9 : 2), ...said };
  });
  const heard = (pattern: RegExp): Promise<RegExpExecArray> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = pattern.exec(said.stdout) ?? pattern.exec(said.stderr);
        if (found) resolve(found);
      };
      listeners.add(look);
      look();
      void ended.then(() =>
        reject(new Error(`it ended without ${String(pattern)}: ${said.stdout}${said.stderr}`)),
      );
    });
  return { child, said, ended, heard };
}

/** Runs a program to its end. */
export function finish(words: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return start(words, options).ended;
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    // It has ended just now.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
