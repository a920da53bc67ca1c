const NAMED = 3;

/**
 * The first of many words, and how many more there are.
 * @example some(['a', 'b', 'c', 'd', 'e']) // 'a, b, c and 2 more'
 */
export function some(words: readonly string[]): string {
  if (words.length === 0) return 'nothing';
  const more = words.length > NAMED ? ` and ${words.length - NAMED} more` : '';
  return words.slice(0, NAMED).join(', ') + more;
}
