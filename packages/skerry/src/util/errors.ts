import { ERRORS, type ErrorCode } from './error-table.ts';
import { hideCredentials } from './hide-credentials.ts';
import { shellWord } from './shell-quote.ts';
import { SP_EXIT } from './superproject-exit.ts';

/** A place in a file, counted from 1, as editors print it. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** What an error may carry besides its table row. */
export interface ErrorDetails {
  /** Values for the `{placeholders}` of the table's message and hint. */
  readonly data?: Readonly<Record<string, string | number>>;
  /** Where in the user's file the trouble is. */
  readonly place?: Place;
  /** The path of the field, such as `machines.agent_1.memory`. */
  readonly field?: string;
  /** The next thing to type, where whoever refused knows it better than the table. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

/**
 * The one error class of the product. `code` is stable and listed in docs/reference/errors.md; `message` says what
 * failed and on which object; `hint` is the next thing to type.
 *
 * @example
 * throw new SkerryError('LAB_FILE_MISSING', { data: { dir: '/srv/src' } });
 */
export class SkerryError extends Error {
  override readonly name = 'SkerryError';
  readonly code: ErrorCode;
  readonly hint: string;
  readonly exitCode: number;
  readonly place: Place | undefined;
  readonly field: string | undefined;
  readonly data: Readonly<Record<string, string | number>>;

  constructor(code: ErrorCode, details: ErrorDetails = {}) {
    const row = ERRORS[code];
    // Here once, for all that is printed: a url may have a password or token in it.
    const data = withoutCredentials(details.data ?? {});
    super(fill(row.message, data), details.cause === undefined ? {} : { cause: details.cause });
    this.code = code;
    const { hint } = details;
    this.hint =
      hint !== undefined
        ? hideCredentials(hint)
        : fill(row.hint, withMachines(asWords(code, data)));
    this.exitCode = row.exitCode;
    this.place = details.place;
    this.field = details.field;
    this.data = data;
  }

  /** The form `--json` prints. */
  toJSON(): Record<string, unknown> {
    const { code, message, hint, place, field, data } = this;
    return { code, message, hint, ...(place && { place }), ...(field && { field }), data };
  }
}

/** Several findings about one input, all of them at once (validation). Its exit code is that of the worst. */
export class SkerryErrors extends AggregateError {
  override readonly name = 'SkerryErrors';
  declare errors: SkerryError[];

  constructor(errors: readonly SkerryError[]) {
    super(errors, errors.map((e) => e.message).join('\n'));
  }

  get exitCode(): number {
    // Of a superproject's, "try again" only where all may pass: the others fail again.
    const lasting = this.errors.filter((e) => !mayPass(e));
    return Math.max(...(lasting.length > 0 ? lasting : this.errors).map((e) => e.exitCode));
  }
}

function mayPass({ code, exitCode }: SkerryError): boolean {
  return code.startsWith('SP_') && exitCode === SP_EXIT.transient;
}

/** The same value with logins taken out of the urls in all its texts. */
function withoutCredentials<T>(value: T): T {
  if (typeof value === 'string') return hideCredentials(value) as T;
  if (Array.isArray(value)) return value.map(withoutCredentials) as T;
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).map(([key, each]) => [key, withoutCredentials(each)]);
  return Object.fromEntries(entries) as T;
}

/** What a superproject names stands in commands of its hints, and was named by others. */
function asWords(code: ErrorCode, data: NonNullable<ErrorDetails['data']>): typeof data {
  if (!code.startsWith('SP_')) return data;
  const entries = Object.entries(data).map(([key, value]) => [
    key,
    WORDS.has(key) ? shellWord(String(value)) : value,
  ]);
  return Object.fromEntries(entries) as typeof data;
}

const WORDS = new Set([
  'path',
  'dir',
  'gitDir',
  'lock',
  'component',
  'topic',
  'url',
  'key',
  'name',
]);

/** A hint may name all machines with the same error; of one error that is its own. */
function withMachines(data: NonNullable<ErrorDetails['data']>): NonNullable<ErrorDetails['data']> {
  return data['machine'] === undefined ? data : { machines: data['machine'], ...data };
}

function fill(template: string, data: Readonly<Record<string, string | number>>): string {
  return template.replace(/\{(\w+)\}/g, (whole, key: string) => String(data[key] ?? whole));
}
