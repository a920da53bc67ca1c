// Reads what docs.test.ts checks out of Markdown. Pure.
import { parseArgs } from 'node:util';
import type { buildProgram } from '../packages/skerry/src/cli/run-cli.ts';

type Command = Awaited<ReturnType<typeof buildProgram>>;

export interface Block {
  readonly language: string;
  readonly source: string;
  /** Of the fence, from 1. */
  readonly line: number;
}

/** The fenced blocks of a page; those in a list are taken out of its indentation. */
export function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  let open: { indent: string; language: string; line: number; lines: string[] } | undefined;
  for (const [at, line] of text.split('\n').entries()) {
    const [, indent = '', language = ''] = /^(\s*)```(\w*)\s*$/.exec(line) ?? [];
    const isFence = /^\s*```/.test(line);
    if (isFence && !open) open = { indent, language, line: at + 1, lines: [] };
    else if (isFence && open) {
      blocks.push({ language: open.language, source: open.lines.join('\n'), line: open.line });
      open = undefined;
    } else open?.lines.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line);
  }
  return blocks;
}

/** The targets of inline links and images, outside of code. */
export function linksOf(text: string): string[] {
  return [...withoutCode(text).matchAll(/\]\(\s*<?([^\s)>]+)>?(?:\s+"[^"]*")?\s*\)/g)].map(
    ([, target = '']) => target,
  );
}

/** The anchors GitHub gives the headings of a page: lower case, no punctuation, `-` for spaces, numbered twins. */
export function anchorsOf(text: string): string[] {
  const seen = new Map<string, number>();
  const prose = text.replaceAll(/^\s*```[^]*?^\s*```/gm, '');
  return [...prose.matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)].map(([, heading = '']) => {
    const plain = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const anchor = plain.replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(/\s/g, '-');
    const count = seen.get(anchor) ?? 0;
    seen.set(anchor, count + 1);
    return count === 0 ? anchor : `${anchor}-${count}`;
  });
}

/** The words after `skerry` of each call in a block's `$` or `#` lines, also behind a pipe or inside `$(...)`. */
export function skerryCommandsOf({ source }: Block): string[][] {
  const lines = source
    .split('\n')
    .filter((line) => /^[$#] /.test(line) || /^(?:source|trap) /.test(line));
  return lines.flatMap((line) => {
    const shell = line.replace(/^[$#] /, '');
    const calls = /(?:^|[|;&('"]\s*|\b[A-Z_]+=\S*\s+)(?:npx )?skerry\s+([^|;&)]*)/g;
    return [...shell.matchAll(calls)].map(([, rest = '']) => wordsOf(rest));
  });
}

/** What is wrong with a call, as far as names go. */
export function problemsOfCommand(program: Command, words: readonly string[]): string[] {
  return problemsBelow(program, words, []);
}

/** Goes down as many levels as the words name. */
function problemsBelow(
  command: Command,
  words: readonly string[],
  above: readonly string[],
): string[] {
  const [first = '', ...rest] = words;
  if (command.commands.length === 0 || first.startsWith('-')) return unknownOptions(command, words);
  const nested = command.commands.find(
    (each) => each.name() === first || each.aliases().includes(first),
  );
  const path = [...above, first];
  return nested ? problemsBelow(nested, rest, path) : [`no command '${path.join(' ')}'`];
}

function unknownOptions(command: Command, words: readonly string[]): string[] {
  const { tokens } = parseArgs({ args: [...words], strict: false, tokens: true });
  const known = new Set([
    '--help',
    '-h',
    ...command.options.flatMap(({ long, short }) => [long, short]),
  ]);
  return tokens.flatMap((token) =>
    token.kind === 'option' && !known.has(token.rawName) ? [`no option ${token.rawName}`] : [],
  );
}

/** A shell's words: quotes are honoured; a comment and redirections end them. */
function wordsOf(text: string): string[] {
  const words = [...text.matchAll(/'[^']*'|"[^"]*"|\S+/g)].map(([word]) => word);
  const end = words.findIndex((word) => /^(?:#|[<>]|\d>)/.test(word));
  return (end < 0 ? words : words.slice(0, end)).map((word) => word.replaceAll(/^['"]|['"]$/g, ''));
}

function withoutCode(text: string): string {
  return text.replaceAll(/^\s*```[^]*?^\s*```/gm, '').replaceAll(/`[^`\n]*`/g, '');
}
