// How well a text answers to what was typed: letters in their order, better at the start of words and side by side. Pure.

/** 0 when it does not at all; higher is better. */
export function score(query: string, text: string): number {
  const wanted = query.toLowerCase();
  const given = text.toLowerCase();
  if (wanted === '') return 1;
  const at = given.indexOf(wanted);
  if (at === 0) return 100 - given.length / 100;
  if (at > 0) return (isWordStart(given, at) ? 80 : 60) - given.length / 100;
  return scattered(wanted, given);
}

/** Of several words each must be somewhere; the sum is the score. */
export function scoreWords(query: string, text: string): number {
  const words = query.split(/\s+/).filter(Boolean);
  if (words.length === 0) return 1;
  const scores = words.map((word) => score(word, text));
  return scores.includes(0) ? 0 : scores.reduce((sum, each) => sum + each, 0) / words.length;
}

function scattered(wanted: string, given: string): number {
  let from = 0;
  let points = 0;
  for (const letter of wanted) {
    const at = given.indexOf(letter, from);
    if (at < 0) return 0;
    if (isWordStart(given, at)) points += 3;
    else if (at === from) points += 1;
    from = at + 1;
  }
  // Letters that are anywhere are no answer.
  return points >= wanted.length * 1.5 ? 10 + points : 0;
}

function isWordStart(text: string, at: number): boolean {
  return at === 0 || /[\s._:/-]/.test(text[at - 1] ?? '');
}
