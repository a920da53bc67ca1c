// Passwords come from standard input: arguments and the environment are seen by others.
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

/**
 * Reads a secret for each question: a line each of what is piped in; from a terminal, asked for and not shown.
 *
 * @returns fewer than asked for when the input ended.
 */
export async function readSecrets(
  questions: readonly string[],
  signal: AbortSignal,
): Promise<string[]> {
  const isTerminal = process.stdin.isTTY;
  const output = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output, terminal: isTerminal });
  // A terminal that does not echo does not turn Ctrl-C into a signal either.
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  const end = (): void => lines.close();
  signal.addEventListener('abort', end, { once: true });
  const waiting = lines[Symbol.asyncIterator]();
  const secrets: string[] = [];
  try {
    for (const question of questions) {
      if (isTerminal) process.stderr.write(`${question}: `);
      const { done, value } = await waiting.next();
      if (isTerminal) process.stderr.write('\n');
      signal.throwIfAborted();
      if (done) break;
      secrets.push(value);
    }
  } finally {
    signal.removeEventListener('abort', end);
    lines.close();
  }
  return secrets;
}
