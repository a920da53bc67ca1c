/** A place in a text, counted from 1. */
export interface TextPlace {
  readonly line: number;
  readonly column: number;
}

/** One `key = value` of a text in git's configuration syntax. */
export interface ConfigEntry extends TextPlace {
  /** In small letters, as git compares it. */
  readonly section: string;
  readonly subsection: string | undefined;
  readonly key: string;
  /** `true` for a key without a value. */
  readonly value: string | true;
  /** Offsets in the text: from the key to the end of the value; from the value on. */
  readonly start: number;
  readonly valueStart: number;
  readonly end: number;
}

export interface ConfigHeader extends TextPlace {
  readonly section: string;
  readonly subsection: string | undefined;
  readonly start: number;
  readonly end: number;
}

export interface ConfigText {
  readonly entries: readonly ConfigEntry[];
  readonly headers: readonly ConfigHeader[];
  readonly problems: readonly (TextPlace & { readonly message: string })[];
}

const KEY = /[A-Za-z][A-Za-z0-9-]*/y;
const HEADER = /\[([A-Za-z0-9.-]+)(?:[ \t]+"((?:[^"\\\n]|\\[^\n])*)")?\]/y;
/** What git takes for blanks: fewer than JavaScript does, and around a key fewer still. */
const BLANKS = /[ \t\r]*/y;
const KEY_BLANKS = /(?:[ \t]|\r(?=\n))*/y;
const COMMENT = /[#;][^\n]*/y;
const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  b: '\b',
  '"': '"',
  '\\': '\\',
};

class Syntax extends Error {
  readonly at: number;
  constructor(at: number, message: string) {
    super(message);
    this.at = at;
  }
}

/**
 * Reads git's configuration syntax (git-config(1), "Syntax") with the place of everything, so that errors can name it and
 * edits keep the rest. After an error it goes on at the next line, so that all are found.
 */
export function parseConfig(text: string): ConfigText {
  const entries: ConfigEntry[] = [];
  const headers: ConfigHeader[] = [];
  const problems: (TextPlace & { message: string })[] = [];
  const placeOf = places(text);
  const nul = text.indexOf('\0');
  // Some readers end there, others go on.
  if (nul >= 0) problems.push({ ...placeOf(nul), message: 'a NUL byte' });
  let at = text.startsWith('\uFEFF') ? 1 : 0;
  let header: ConfigHeader | undefined;
  while (at < text.length) {
    try {
      at = skip(text, at);
      if (at >= text.length) break;
      if (text[at] === '[') {
        header = readHeader(text, at, placeOf(at));
        headers.push(header);
        at = header.end;
      } else if (header) {
        const { section, subsection } = header;
        const entry = { section, subsection, ...readEntry(text, at), ...placeOf(at) };
        entries.push(entry);
        at = entry.next;
      } else throw new Syntax(at, 'a key before any [section]');
    } catch (error) {
      if (!(error instanceof Syntax)) throw error;
      problems.push({ ...placeOf(error.at), message: error.message });
      const newline = text.indexOf('\n', Math.max(at, error.at));
      at = newline < 0 ? text.length : newline + 1;
    }
  }
  return { entries, headers, problems };
}

/** Past blanks, empty lines and comments. */
function skip(text: string, from: number): number {
  let at = from;
  for (;;) {
    at += match(BLANKS, text, at).length;
    const comment = match(COMMENT, text, at);
    if (comment === '' && text[at] !== '\n') return at;
    at += comment === '' ? 1 : comment.length;
  }
}

function readHeader(text: string, at: number, place: TextPlace): ConfigHeader {
  HEADER.lastIndex = at;
  const found = HEADER.exec(text);
  if (!found) throw new Syntax(at, 'a section is written [name "subsection"]');
  const [whole, name = '', quoted] = found;
  const dot = name.indexOf('.');
  // The old form [section.subsection]: git takes both in small letters.
  const section = (quoted === undefined && dot >= 0 ? name.slice(0, dot) : name).toLowerCase();
  const subsection =
    quoted === undefined
      ? dot < 0
        ? undefined
        : name.slice(dot + 1).toLowerCase()
      : quoted.replace(/\\(.)/g, '$1');
  return { section, subsection, start: at, end: at + whole.length, ...place };
}

function readEntry(
  text: string,
  start: number,
): Pick<ConfigEntry, 'key' | 'value' | 'start' | 'valueStart' | 'end'> & { next: number } {
  const key = match(KEY, text, start);
  if (key === '') throw new Syntax(start, `a key begins with a letter, not with '${text[start]}'`);
  let at = start + key.length;
  const end = at;
  at += match(KEY_BLANKS, text, at).length;
  const isBare = at >= text.length || text[at] === '\n';
  const common = { key: key.toLowerCase(), start };
  if (isBare) return { ...common, value: true, valueStart: end, end, next: at };
  if (text[at] !== '=') throw new Syntax(at, `after the key ${key} comes = and its value`);
  at += 1;
  at += match(BLANKS, text, at).length;
  const value = readValue(text, at);
  return { ...common, valueStart: at, ...value };
}

/** A value up to the end of its line, which a backslash moves to the next one. */
function readValue(text: string, start: number): { value: string; end: number; next: number } {
  let value = '';
  let blanks = '';
  let isQuoted = false;
  let end = start;
  let at = start;
  for (; at < text.length && text[at] !== '\n'; at++) {
    const char = text[at] ?? '';
    if (char === '\r' && text[at + 1] === '\n') continue;
    if (!isQuoted && (char === '#' || char === ';')) {
      at += match(COMMENT, text, at).length - 1;
      continue;
    }
    if (!isQuoted && /[ \t\r]/.test(char)) {
      if (value !== '') blanks += char;
      continue;
    }
    // Before 2.45 git reads a blank there, since then what is written.
    if (/[\t\r]/.test(blanks))
      throw new Syntax(at - blanks.length, 'a tab or carriage return inside a value wants quotes');
    value += blanks;
    blanks = '';
    if (char === '"') isQuoted = !isQuoted;
    else if (char === '\\') {
      const next = text.startsWith('\r\n', at + 1) ? '\n' : (text[at + 1] ?? '');
      at += text.startsWith('\r\n', at + 1) ? 2 : 1;
      if (next !== '\n') {
        const meant = ESCAPES[next];
        if (meant === undefined) throw new Syntax(at - 1, `git knows no escape \\${next}`);
        value += meant;
      }
    } else value += char;
    end = at + 1;
  }
  if (isQuoted) throw new Syntax(start, 'the quote is not closed on its line');
  return { value, end, next: at };
}

function match(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? '';
}

/** Finds the place of offsets that are asked for in any order. */
function places(text: string): (at: number) => TextPlace {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (at) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((starts[middle] ?? 0) <= at) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: at - (starts[low] ?? 0) + 1 };
  };
}
