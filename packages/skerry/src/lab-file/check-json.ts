import { SkerryError } from '../util/errors.ts';
import { messageOf } from '../util/message-of.ts';

/** Throws unless the source is strict JSON, as other tools that read the file want it, naming the first wrong place. */
export function checkJson(file: string, source: string): void {
  const reason = jsonProblem(source)?.reason;
  if (reason === undefined) return;
  // V8 tells the place of only some mistakes, so search the shortest beginning of the source that has the mistake.
  let [good, bad] = [0, source.length + 1];
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (jsonProblem(source.slice(0, middle))?.isInside === true) bad = middle;
    else good = middle;
  }
  const before = source
    .slice(0, bad > source.length ? source.trimEnd().length : bad - 1)
    .split('\n');
  const place = { file, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
  throw new SkerryError('LAB_FILE_SYNTAX', { data: { reason }, place });
}

/** Whether a mistake is in the text, or only that it ends too soon. */
function jsonProblem(text: string): { reason: string; isInside: boolean } | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    const message = messageOf(error);
    const position = Number(/ at position (\d+)/.exec(message)?.[1] ?? -1);
    const isEnd = position >= text.length || /^Unexpected end|^Unterminated/.test(message);
    const reason = message.replace(/ at position .*$/s, '').replace(/, (?:\.{3})?".*$/s, '');
    return { reason, isInside: !isEnd };
  }
}
