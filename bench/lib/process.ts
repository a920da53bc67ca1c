import { spawn } from 'node:child_process';
import { BenchError } from './bench.ts';

export interface ProcessOptions {
  readonly signal: AbortSignal;
  readonly timeoutMs?: number;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string;
}

export interface ProcessResult {
  readonly seconds: number;
  readonly stdout: string;
}

/** Runs a program to its end and says how long it took. Throws with what it said if it fails or takes too long. */
export async function run(
  argv: readonly string[],
  options: ProcessOptions,
): Promise<ProcessResult> {
  const [program = '', ...args] = argv;
  const timeoutMs = options.timeoutMs ?? 60_000;
  const deadline = AbortSignal.timeout(timeoutMs);
  const start = performance.now();
  // In a group of its own, so that Ctrl-C reaches the bench alone, which then ends things in order.
  const child = spawn(program, args, {
    signal: AbortSignal.any([options.signal, deadline]),
    detached: true,
    ...(options.cwd && { cwd: options.cwd }),
    ...(options.env && { env: options.env }),
  });
  let stdout = '';
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    said += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  child.stdin.on('error', () => {}).end(options.input ?? '');
  const ended = await new Promise<string>((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) => resolve(String(signal ?? code)));
  });
  const seconds = (performance.now() - start) / 1000;
  if (ended === '0') return { seconds, stdout };
  options.signal.throwIfAborted();
  const why = deadline.aborted ? `took more than ${timeoutMs / 1000} s` : `ended with ${ended}`;
  throw new BenchError(`${argv.join(' ')}\n${why}:\n${said.trim().slice(-3000)}`);
}

export interface TimedResult extends ProcessResult {
  /** CPU time, user and system, of the process and its children, in milliseconds. */
  readonly cpuMs: number;
}

/** The same with the CPU time it took. What it says on stderr is lost. */
export async function runTimed(
  argv: readonly string[],
  options: ProcessOptions,
): Promise<TimedResult> {
  const script = 'TIMEFORMAT="cpu %3R %3U %3S"; { time "$@" 2>/dev/null; } 2>&1';
  const { stdout } = await run(['bash', '-c', script, 'bash', ...argv], options);
  const at = stdout.lastIndexOf('cpu ');
  const [, real = '', user = '', system = ''] =
    /cpu ([\d.]+) ([\d.]+) ([\d.]+)/.exec(stdout.slice(at)) ?? [];
  return {
    seconds: Number(real),
    cpuMs: (Number(user) + Number(system)) * 1000,
    stdout: stdout.slice(0, at),
  };
}
