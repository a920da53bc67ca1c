import { styleText } from 'node:util';
import type { Diagnosis, Result } from '../doctor/examine.ts';

const MARKS = { ok: '✓', warning: '!', error: '✗' } as const;
const COLOURS = { ok: 'green', warning: 'yellow', error: 'red' } as const;
const INDENT = 2;

/** A diagnosis as text: one line a check, its remedy below it, and the verdict at the end. */
export function formatDiagnosis(diagnosis: Diagnosis, columns: number): string {
  const width = Math.max(...diagnosis.checks.map(({ id }) => id.length));
  const blocks = diagnosis.checks.map((result) => formatResult(result, width, columns));
  return [...blocks, '', verdict(diagnosis)].join('\n');
}

function formatResult(
  { id, level, finding, remedy = [] }: Result,
  width: number,
  columns: number,
): string {
  const left = INDENT + 2 + width + 2;
  const margin = ' '.repeat(left);
  const [first = '', ...rest] = wrap(finding, Math.max(columns - left, 40));
  const mark = styleText(COLOURS[level], MARKS[level]);
  const head = `${' '.repeat(INDENT)}${mark} ${id.padEnd(width)}  ${first}`;
  // Remedies are to be pasted: never wrapped.
  const lines = remedy.map((line) => styleText(line.startsWith('#') ? 'dim' : 'cyan', line));
  return [
    head,
    ...[...rest, ...lines.map((line) => `  ${line}`)].map((line) => margin + line),
  ].join('\n');
}

function verdict({ errors, warnings, user }: Diagnosis): string {
  const counts = [count(errors, 'problem'), count(warnings, 'warning')].filter(Boolean).join(', ');
  if (errors > 0)
    return `${styleText(['red', 'bold'], counts)}: skerry up cannot work for ${user} until the problems (${MARKS.error}) are mended.`;
  if (warnings > 0)
    return `${styleText(['yellow', 'bold'], counts)}: skerry up can work for ${user}; see the lines marked ${MARKS.warning} for what could be better.`;
  return `${styleText(['green', 'bold'], 'All is well')}: skerry up can work for ${user}.`;
}

function count(number: number, noun: string): string {
  return number === 0 ? '' : `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line === '') lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}
