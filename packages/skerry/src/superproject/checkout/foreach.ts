import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { StringDecoder } from 'node:string_decoder';
import { killGroup } from '../../util/kill-group.ts';
import { readCheckout } from './checkout.ts';
import { each } from './each.ts';
import { selectFrom, type Selection } from './select.ts';

export interface ForeachOptions extends Selection {
  /** One word is read by a shell; of several the first one is, and gets the others as they are (git-submodule(1) foreach). */
  readonly command: readonly string[];
  /** Components at once; 1 unless told. */
  readonly jobs?: number | undefined;
  /** Go on with the others when one fails. */
  readonly keepGoing?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onLine: (path: string, line: string, stream: 'stdout' | 'stderr') => void;
}

export interface ForeachResult {
  /** Those that ran, with their exit codes; in their order. */
  readonly components: readonly { readonly path: string; readonly exitCode: number }[];
  /** Those that did not, for one before them failed. */
  readonly skipped: readonly string[];
}

/**
 * Runs a command in each component that is checked out, with the environment that `git submodule foreach` gives. A command
 * that fails is a result and not an error.
 *
 * @throws SP_COMPONENT_UNKNOWN, and what readCheckout throws
 */
export async function foreachComponent(
  root: string,
  options: ForeachOptions,
): Promise<ForeachResult> {
  const { jobs = 1, keepGoing = false, signal } = options;
  const checkout = await readCheckout(root, signal);
  const chosen = selectFrom(checkout, options).filter(({ state }) => state === 'present');
  let hasFailed = false;
  const results = await each(chosen, jobs, async ({ name, path, dir, pin }) => {
    if (hasFailed && !keepGoing) return undefined;
    const env = { name, path, sm_path: path, displaypath: path, sha1: pin ?? '', toplevel: root };
    const exitCode = await runIn(dir, env, {
      ...options,
      onLine: (_, ...rest) => options.onLine(path, ...rest),
    });
    if (exitCode !== 0) hasFailed = true;
    return { path, exitCode };
  });
  return {
    components: results.filter((result) => result !== undefined),
    skipped: chosen.filter((_, at) => results[at] === undefined).map(({ path }) => path),
  };
}

async function runIn(
  cwd: string,
  env: Readonly<Record<string, string>>,
  { command, signal, onLine }: ForeachOptions,
): Promise<number> {
  signal?.throwIfAborted();
  const [first = '', ...rest] = command;
  const script = rest.length === 0 ? first : `${first} "$@"`;
  const child = spawn('sh', ['-c', script, first, ...rest], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const kill = (): void => killGroup(child.pid);
  signal?.addEventListener('abort', kill, { once: true });
  try {
    lines(child.stdout, (line) => onLine('', line, 'stdout'));
    lines(child.stderr, (line) => onLine('', line, 'stderr'));
    const [code] = (await once(child, 'close')) as [number | null];
    signal?.throwIfAborted();
    return code ?? 1;
  } finally {
    signal?.removeEventListener('abort', kill);
  }
}

function lines(stream: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  stream.on('data', (chunk: Buffer) => {
    const parts = (rest + decoder.write(chunk)).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) onLine(part);
  });
  stream.on('end', () => {
    if (rest !== '') onLine(rest);
  });
}
