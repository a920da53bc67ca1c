import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');

export interface Said {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly timeoutMs?: number;
  readonly interruptAt?: RegExp | undefined;
}

/** Runs the command in a folder that also keeps its state. */
export function runSkerry(
  dir: string,
  words: readonly string[],
  { interruptAt }: Pick<RunOptions, 'interruptAt'> = {},
): Promise<Said> {
  const env = { SKERRY_STATE_DIR: join(dir, 'state'), SKERRY_UPLINK: 'none' };
  return runIn(dir, words, { env, timeoutMs: 60_000, interruptAt });
}

/** Runs the command from source in a folder, as a CI job sees it. */
export async function runIn(
  cwd: string,
  words: readonly string[],
  { env = {}, timeoutMs, interruptAt }: RunOptions = {},
): Promise<Said> {
  const child = spawn(process.execPath, ['--conditions=@skerry/source', MAIN, ...words], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1', ...env },
    timeout: timeoutMs,
  });
  let [stdout, stderr] = ['', ''];
  const look = (said: string): void => {
    // Once: a second one, a second later, ends it at once.
    if (!child.killed && interruptAt?.test(said)) child.kill('SIGINT');
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => look((stdout += text)));
  child.stderr.setEncoding('utf8').on('data', (text: string) => look((stderr += text)));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}
