// What a verb of the cloud has answered, in words for a terminal. Pure.
import type { Verb } from '../cloud/verbs/verb.ts';
import { formatBytes } from './amounts.ts';
import { formatTable } from './table.ts';

/**
 * @param target whom it was about: a name, or empty
 * @param params what it was asked with
 */
export function answerInWords(
  verb: Pick<Verb, 'title' | 'danger' | 'outcome'>,
  target: string,
  result: unknown,
  params: Readonly<Record<string, unknown>> = {},
): string {
  const values = Object.entries((result ?? {}) as Record<string, unknown>).filter(
    ([, value]) => verb.danger === 'reads' || value !== null,
  );
  const [only] = values;
  const outcome = params['on'] === false ? 'off' : (verb.outcome ?? 'done');
  const done = `${verb.title}: ${target === '' ? '' : `${target}, `}${outcome}`;
  if (!only) return `${done}.`;
  if (only[0] === 'changes') return changesInWords(values);
  const isRead = verb.danger === 'reads';
  if (values.length === 1) {
    const [key, value] = only;
    if (Array.isArray(value) && (isRead || typeof value[0] === 'object')) return rowsOf(value);
    if (!isRead) return `${done} (${wordsOf(key)}: ${cellOf(key, value)}).`;
    if (typeof value === 'string') return value;
  }
  const lines = values.map(([key, value]) => `${wordsOf(key)}: ${cellOf(key, value)}`);
  return (isRead ? lines : [`${done}.`, ...lines]).join('\n');
}

/** What was, and what is. */
function changesInWords(values: readonly (readonly [string, unknown])[]): string {
  const [[, changes] = ['', []], ...counts] = values;
  const lines = (changes as string[]).length > 0 ? (changes as string[]) : ['It was so already.'];
  const counted = counts.map(
    ([key, value]) => `- ${String(value)} ${value === 1 ? key.replace(/s$/, '') : key}`,
  );
  return [...lines, ...counted].join('\n');
}

function rowsOf(rows: readonly unknown[]): string {
  const [first] = rows;
  if (first === undefined) return 'none';
  if (typeof first !== 'object' || first === null) return rows.map(textOf).join('\n');
  const keys = Object.keys(first);
  const cells = rows.map((row) =>
    keys.map((key) => cellOf(key, (row as Record<string, unknown>)[key])),
  );
  return formatTable(
    keys.map((key) => wordsOf(key).toUpperCase()),
    cells,
  );
}

/** A field's name without its unit. @example wordsOf('parkedAt') // 'parked' */
function wordsOf(key: string): string {
  return key
    .replace(/(At|Bytes|MiB)$/, '')
    .replaceAll(/[A-Z]/g, (part) => ` ${part.toLowerCase()}`);
}

/** A field's name ends with its unit; times are seconds since 1970, or milliseconds. */
function cellOf(key: string, value: unknown): string {
  if (typeof value === 'number') {
    if (key.endsWith('Bytes')) return formatBytes(value);
    if (key.endsWith('MiB')) return `${value} MiB`;
    // Swedes write dates as ISO 8601 does, in their own time.
    if (key.endsWith('At'))
      return new Date(value < 1e11 ? value * 1000 : value).toLocaleString('sv');
  }
  const isNothing = value === null || value === undefined || value === '';
  return isNothing ? '-' : textOf(value);
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.map(textOf).join(' ');
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
