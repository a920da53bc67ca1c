import { styleText } from 'node:util';
import { relative } from 'node:path';
import { EXIT } from '../util/error-table.ts';
import { SkerryError, SkerryErrors } from '../util/errors.ts';
import { messageOf } from '../util/message-of.ts';

/** Prints an error for people on stderr, or as JSON on stdout, and gives the exit code it asks for. */
export function printError(
  error: unknown,
  { json, debug }: { json: boolean; debug: boolean },
): number {
  if (isInterrupt(error)) {
    const then = (error.cause instanceof Error ? error.cause : error).message;
    process.stderr.write(`interrupted${then && `: ${then}`}\n`);
    return EXIT.interrupted;
  }
  const errors = error instanceof SkerryErrors ? error.errors : [asSkerryError(error)];
  if (json)
    console.log(
      JSON.stringify({ errors: errors.map((e) => asSkerryError(e).toJSON()) }, undefined, 2),
    );
  else
    for (const [first, ...others] of grouped(errors.map(asSkerryError)))
      if (first) process.stderr.write(format(first, others));
  if (debug && error instanceof Error) process.stderr.write(`${stacks(error)}\n`);
  return error instanceof SkerryErrors ? error.exitCode : asSkerryError(error).exitCode;
}

/** Errors that differ by no more than the machine they are about, together where the first of them is. */
function grouped(errors: readonly SkerryError[]): SkerryError[][] {
  const same = groupBy(
    errors.map((error) => [error]),
    ([error]) => (error ? keyOf(error) : ''),
  );
  return groupBy(same, ([error]) => (error ? keyOf(error, String(error.data['machine'])) : ''));
}

function groupBy(
  groups: readonly SkerryError[][],
  key: (group: readonly SkerryError[]) => string,
): SkerryError[][] {
  const found = new Map<string, SkerryError[]>();
  for (const group of groups) found.set(key(group), [...(found.get(key(group)) ?? []), ...group]);
  return [...found.values()];
}

/** What tells an error from others but for its machine; `name` is left out wherever else it is named. */
function keyOf({ code, data, place }: SkerryError, name?: string): string {
  const { machine, ...others } = data;
  const key = JSON.stringify([code, machine === undefined, place, others]);
  if (machine === undefined || name === undefined) return key;
  const word = name.replaceAll(/\W/g, String.raw`\$&`);
  return key.replaceAll(new RegExp(String.raw`(?<![\w-])${word}(?![\w-])`, 'g'), '');
}

function format(error: SkerryError, others: readonly SkerryError[]): string {
  const where = error.place
    ? `${shortPath(error.place.file)}:${error.place.line}:${error.place.column}: `
    : '';
  const field = error.field && !error.message.includes(error.field) ? `${error.field}: ` : '';
  const label = styleText(['red', 'bold'], 'error', { stream: process.stderr });
  const hint = styleText('cyan', 'hint', { stream: process.stderr });
  const names = others.map(({ data }) => data['machine']);
  const same = names.length === 0 ? '' : `  the same on ${names.join(', ')}\n`;
  const next = names.length === 0 ? error.hint : hintForAll(error, names);
  return `${where}${label}: ${field}${error.message}\n${same}${hint}: ${next}\n`;
}

/** The hint of an error that is the same in more machines. One that was written for the case stays. */
function hintForAll(error: SkerryError, others: readonly unknown[]): string {
  const { code, data, hint } = error;
  if (data['machines'] !== undefined || hint !== new SkerryError(code, { data }).hint) return hint;
  const machines = [data['machine'], ...others].join(' ');
  return new SkerryError(code, { data: { ...data, machines } }).hint;
}

/** Relative below this folder, absolute elsewhere. */
function shortPath(file: string): string {
  const path = relative(process.cwd(), file);
  return path === '' || path.startsWith('..') ? file : path;
}

function asSkerryError(error: unknown): SkerryError {
  if (error instanceof SkerryError) return error;
  const detail = messageOf(error);
  // What libvirt could not write it only says in words, which are the C library's (LC_ALL is ours in a sandbox).
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || detail.includes('No space left on device'))
    return new SkerryError('DISK_FULL', { data: { detail }, cause: error });
  if (error instanceof Error && error.name === 'LibvirtError')
    return new SkerryError('LIBVIRT', { data: { detail }, cause: error });
  return new SkerryError('INTERNAL', { data: { detail }, cause: error });
}

/** Node's own calls wrap the signal's reason in another AbortError. */
function isInterrupt(error: unknown): error is Error {
  return error instanceof Error && error.name === 'AbortError';
}

function stacks(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by: ${stacks(error.cause)}` : '';
  return `${error.stack ?? error.message}${cause}`;
}
