/** A word as a shell reads it back, whatever is in it. Pure. */
export function shellQuote(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** The same for people: quoted only where a shell would take it apart. Pure. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : shellQuote(word);
}

/** Words as a shell reads them back. Pure. */
export function shellJoin(words: readonly string[]): string {
  return words.map(shellQuote).join(' ');
}

/**
 * The words of a text, with quotes and backslashes as a shell has them; nothing is expanded. A quote that is not closed
 * ends with the text. Pure.
 */
export function shellWords(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  const pattern = /\s+|'([^']*)'?|"((?:[^"\\]|\\[^])*)"?|\\([^])|([^\s'"\\]+)|\\$/g;
  for (const [whole, single, double, escaped, plain] of text.matchAll(pattern)) {
    if (/^\s/.test(whole)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      continue;
    }
    const piece = single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? escaped ?? plain ?? '';
    word = (word ?? '') + piece;
  }
  if (word !== undefined) words.push(word);
  return words;
}
