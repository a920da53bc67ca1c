/** A text as a Perl word of bytes: nothing in it is special, and it is UTF-8 whatever Perl thinks of its source. Pure. */
export function perlBytes(content: string | Uint8Array): string {
  return `pack('H*', '${Buffer.from(content).toString('hex')}')`;
}

export function perlList(words: readonly string[]): string {
  return `(${words.map((word) => perlBytes(word)).join(', ')})`;
}
