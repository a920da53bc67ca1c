/** Of a field `on`: names of machines and /regular expressions/, as one text, or a list. */
export type Selection = string | readonly (string | undefined)[] | undefined;

/** The words of a selection. */
export function wordsOf(on: Selection): string[] {
  if (on === undefined) return [];
  return (typeof on === 'string' ? [on] : [...on]).filter((word) => word !== undefined);
}

/** A word that is a /regular expression/. */
export const PATTERN = /^\/(.+)\/$/;

/** The machines a word means; none where it means nothing, or is no regular expression. */
export function machinesMeant(word: string, names: readonly string[]): string[] {
  const [, source] = PATTERN.exec(word) ?? [];
  if (source === undefined) return names.filter((name) => name === word);
  try {
    const regex = new RegExp(source);
    return names.filter((name) => regex.test(name));
  } catch {
    return [];
  }
}

/** All machines that a selection means, in their order; without one, all there are. */
export function selectMachines(on: Selection, names: readonly string[]): string[] {
  if (on === undefined) return [...names];
  const meant = new Set(wordsOf(on).flatMap((word) => machinesMeant(word, names)));
  return names.filter((name) => meant.has(name));
}
