import { type ConfigText, parseConfig } from './config-text.ts';

export interface KeyChange {
  /** The component's name: the subsection. */
  readonly name: string;
  readonly key: string;
  /** The new value; none: the key is taken out. */
  readonly value?: string;
}

/**
 * Sets or takes out keys of components in the text of `.gitmodules`, as `git config -f` does, but keeps every other byte:
 * comments, order, indentation. A section that is missing is added at the end.
 */
export function setKeys(text: string, changes: readonly KeyChange[]): string {
  return changes.reduce(setKey, text);
}

/** Takes out all sections of a component, with the comments in them. */
export function removeSection(text: string, name: string): string {
  const { headers } = parseConfig(text);
  let result = text;
  for (const [at, header] of [...headers.entries()].reverse()) {
    if (header.section !== 'submodule' || header.subsection !== name) continue;
    const next = headers[at + 1];
    const end = next ? commentsBefore(result, next.start, header.end) : result.length;
    result = result.slice(0, lineStart(result, header.start)) + result.slice(end);
  }
  return result;
}

function setKey(text: string, { name, key, value }: KeyChange): string {
  const config = parseConfig(text);
  const wanted = key.toLowerCase();
  const found = config.entries.filter(
    (entry) => entry.section === 'submodule' && entry.subsection === name && entry.key === wanted,
  );
  const last = found.at(-1);
  if (value === undefined) return found.reduceRight(removeEntry, text);
  if (!last) return addEntry(text, config, `\t${key} = ${formatValue(value)}\n`, name);
  return `${text.slice(0, last.start)}${text.slice(last.start, last.start + key.length)} = ${formatValue(value)}${text.slice(last.end)}`;
}

function removeEntry(text: string, { start, end }: { start: number; end: number }): string {
  const from = lineStart(text, start);
  // A key on the line of its header: only the key goes.
  if (text.slice(from, start).trim() !== '') return text.slice(0, start) + text.slice(end);
  return text.slice(0, from) + text.slice(lineEnd(text, end));
}

function addEntry(
  text: string,
  { headers, entries }: ConfigText,
  line: string,
  name: string,
): string {
  const header = headers.findLast(
    ({ section, subsection }) => section === 'submodule' && subsection === name,
  );
  if (!header) {
    const quoted = name.replace(/["\\]/g, '\\$&');
    return `${closed(text)}[submodule "${quoted}"]\n${line}`;
  }
  const next = headers.find(({ start }) => start > header.start)?.start ?? text.length;
  const last = entries.findLast(({ start }) => start > header.start && start < next);
  const at = lineEnd(text, last?.end ?? header.end);
  return closed(text.slice(0, at)) + line + text.slice(at);
}

/** As git writes values: in quotes where blanks at the ends or comment signs would be lost. */
function formatValue(value: string): string {
  const escaped = value
    .replace(/[\\"]/g, '\\$&')
    .replaceAll('\n', '\\n')
    .replaceAll('\t', '\\t')
    .replaceAll('\b', '\\b');
  return /^\s|\s$|[;#\r]/.test(value) ? `"${escaped}"` : escaped;
}

function closed(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}

function lineStart(text: string, at: number): number {
  return text.lastIndexOf('\n', at - 1) + 1;
}

function lineEnd(text: string, at: number): number {
  const newline = text.indexOf('\n', at);
  return newline < 0 ? text.length : newline + 1;
}

/** Comments right before a section belong to it. */
function commentsBefore(text: string, start: number, least: number): number {
  let at = lineStart(text, start);
  while (at > least) {
    const above = lineStart(text, at - 1);
    if (!/^[ \t]*[#;]/.test(text.slice(above, at)) || above < least) return at;
    at = above;
  }
  return at;
}
