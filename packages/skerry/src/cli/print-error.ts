import { styleText } from 'node:util';
import { relative } from 'node:path';
import { EXIT } from '../util/error-table.ts';
import { SkerryError, SkerryErrors } from '../util/errors.ts';

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
  else for (const each of errors) process.stderr.write(format(asSkerryError(each)));
  if (debug && error instanceof Error) process.stderr.write(`${stacks(error)}\n`);
  return error instanceof SkerryErrors ? error.exitCode : asSkerryError(error).exitCode;
}

function format(error: SkerryError): string {
  const where = error.place
    ? `${shortPath(error.place.file)}:${error.place.line}:${error.place.column}: `
    : '';
  const field = error.field && !error.message.includes(error.field) ? `${error.field}: ` : '';
  const label = styleText(['red', 'bold'], 'error', { stream: process.stderr });
  const hint = styleText('cyan', 'hint', { stream: process.stderr });
  return `${where}${label}: ${field}${error.message}\n${hint}: ${error.hint}\n`;
}

/** Relative below this folder, absolute elsewhere. */
function shortPath(file: string): string {
  const path = relative(process.cwd(), file);
  return path === '' || path.startsWith('..') ? file : path;
}

function asSkerryError(error: unknown): SkerryError {
  if (error instanceof SkerryError) return error;
  const detail = error instanceof Error ? error.message : String(error);
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
