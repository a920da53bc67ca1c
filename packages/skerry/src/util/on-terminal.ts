import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { SkerryError } from './errors.ts';

/**
 * Runs a program on the caller's terminal. Gives its exit code: 128 and the signal's number where a signal ended it.
 *
 * @param signal ends it with SIGTERM
 * @throws PROGRAM_MISSING
 */
export async function onTerminal(
  program: string,
  args: readonly string[],
  signal?: AbortSignal,
): Promise<number> {
  const child = spawn(program, args, { stdio: 'inherit' });
  signal?.addEventListener('abort', () => child.kill(), { once: true });
  return new Promise((resolve, reject) => {
    child.on('error', (cause) =>
      reject(new SkerryError('PROGRAM_MISSING', { data: { program }, cause })),
    );
    child.on('close', (code, signal) =>
      resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)),
    );
  });
}
