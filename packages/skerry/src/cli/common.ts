import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import type { ForkRecord } from '../lab/forks.ts';
import type { LoadOptions } from '../lab-file/load.ts';
import type { LabSpec } from '../lab-file/spec.ts';
import { SkerryError } from '../util/errors.ts';

export interface CommonOptions {
  readonly lab?: string;
  readonly json?: boolean;
}

/** The option of every command that is about one lab. */
export function withLab(command: Command): Command {
  return command.option(
    '--lab <lab>',
    'the folder of the lab file, or the name of a fork (default: the nearest lab file above)',
  );
}

/** The option of every command that prints data. */
export function withJson(command: Command): Command {
  return command.option('--json', 'print JSON for programs');
}

/** A worked example under the command's help. */
export function withExample(command: Command, ...lines: readonly string[]): Command {
  return command.addHelpText('after', `\nExample:\n${lines.map((line) => `  ${line}`).join('\n')}`);
}

/** Loads the lab a command is about. */
export async function labOf(
  options: CommonOptions,
  checks: Pick<LoadOptions, 'isThorough' | 'alsoCheck'> = {},
): Promise<LabSpec> {
  const { loadLab } = await import('../lab-file/load.ts');
  const { hostLimits } = await import('../lab-file/host-limits.ts');
  const { knownImages } = await import('../image/store.ts');
  const fork = await forkOf(options);
  const lab = await loadLab(fork?.file ?? options.lab ?? process.cwd(), {
    knownImages: await knownImages(),
    ...hostLimits(),
    ...checks,
  });
  if (!fork) return lab;
  const { asFork } = await import('../lab/forks.ts');
  return asFork(lab, fork.fork);
}

/** The fork that `--lab` names: it goes before a folder of that name, which `./NAME` means. @throws LAB_NOT_FOUND */
export async function forkOf({ lab }: CommonOptions): Promise<ForkRecord | undefined> {
  if (lab === undefined || lab.includes('/') || lab === '.' || lab === '..') return undefined;
  const { findFork, listForks } = await import('../lab/forks.ts');
  const found = await findFork(lab, process.cwd());
  if (found || existsSync(lab)) return found;
  const known = (await listForks()).map(({ fork }) => fork).join(', ') || 'none';
  throw new SkerryError('LAB_NOT_FOUND', { data: { name: lab, known } });
}

/** What a lab is called in a sentence. */
export function labelOf({ name, fork }: Pick<LabSpec, 'name' | 'fork'>): string {
  return fork === undefined ? name : `${name}@${fork}`;
}

/** What a command that is suggested has to have to be about the same lab. */
export function aboutLab({ fork }: Pick<LabSpec, 'fork'>): string {
  return fork === undefined ? '' : ` --lab ${fork}`;
}

/** What an interrupted change of a lab leaves, and what goes on with it. */
export function resumable(command: string, { lab }: Pick<CommonOptions, 'lab'>): string {
  const of = lab === undefined ? '' : ` --lab ${lab}`;
  return `what was begun is kept; skerry ${command}${of} goes on from there`;
}

/**
 * Aborts on the first Ctrl-C or SIGTERM, so that work ends in order; the second one ends the process. `then` is what the
 * user is told of what was begun.
 */
export function interruptible(then = ''): AbortSignal {
  const { signal, hear } = interruption(then, {
    now: () => performance.now(),
    exit: () => process.exit(130),
  });
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, hear);
  return signal;
}

/** One Ctrl-C may arrive twice: from the terminal, and from a program that runs us and passes it on. */
const ONE_MS = 1000;

/** What signals do: the first aborts, one that comes later ends all at once. Exported for its test. */
export function interruption(
  then: string,
  { now, exit }: { readonly now: () => number; readonly exit: () => void },
): { readonly signal: AbortSignal; readonly hear: () => void } {
  const controller = new AbortController();
  let firstMs = 0;
  const hear = (): void => {
    if (!controller.signal.aborted) {
      firstMs = now();
      controller.abort(new DOMException(then, 'AbortError'));
    } else if (now() - firstMs >= ONE_MS) exit();
  };
  return { signal: controller.signal, hear };
}

/**
 * Work of a command that goes on until somebody ends it, such as `logs --follow`: that is its end then, and no failure.
 * The exit codes in docs/reference/errors.md say so.
 */
export async function untilInterrupted(
  signal: AbortSignal,
  work: () => Promise<unknown>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!signal.aborted || !(error instanceof Error) || error.name !== 'AbortError') throw error;
  }
}

/** A summary as a sentence: the description above a command's help. */
export function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** Prints data for programs. */
export function printJson(data: unknown): void {
  console.log(JSON.stringify(data, undefined, 2));
}
