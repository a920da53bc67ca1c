import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { SkerryError } from '../../util/errors.ts';
import { killGroup } from '../../util/kill-group.ts';

export type Verdict = 'good' | 'bad' | 'skip';

/**
 * What an exit code says, by the rule of git bisect run: 0 is good, 125 cannot be tested, 1 to 127 are bad, and everything
 * else ends the search.
 */
export function verdictOf(code: number): Verdict | undefined {
  if (code === 0) return 'good';
  if (code === 125) return 'skip';
  return code > 0 && code < 128 ? 'bad' : undefined;
}

export interface TestRun {
  readonly command: readonly string[];
  /** The superproject's work tree, where it runs. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs the command that tests. What it prints goes to stderr, so that stdout stays ours.
 *
 * @throws SP_BISECT_COMMAND when its exit code says neither good nor bad; PROGRAM_MISSING
 */
export async function runTest({ command, cwd, env, signal }: TestRun): Promise<Verdict> {
  signal?.throwIfAborted();
  const [program = '', ...args] = command;
  const child = spawn(program, args, {
    cwd,
    stdio: ['ignore', 2, 2],
    detached: true,
    env: { ...process.env, ...env },
  });
  const kill = (): void => killGroup(child.pid);
  signal?.addEventListener('abort', kill, { once: true });
  try {
    const [code, name] = (await once(child, 'close').catch((cause: NodeJS.ErrnoException) => {
      if (cause.code !== 'ENOENT') throw cause;
      throw new SkerryError('PROGRAM_MISSING', { data: { program }, cause });
    })) as [number | null, string | null];
    signal?.throwIfAborted();
    const verdict = code === null ? undefined : verdictOf(code);
    if (verdict !== undefined) return verdict;
    const how = code === null ? `was killed by ${name}` : `ended with code ${code}`;
    throw new SkerryError('SP_BISECT_COMMAND', { data: { command: command.join(' '), how } });
  } finally {
    signal?.removeEventListener('abort', kill);
  }
}
