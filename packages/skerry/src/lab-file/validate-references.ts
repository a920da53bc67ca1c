import { formatPath, type FieldPath, type Finding } from './finding.ts';
import { machinesMeant, PATTERN, type Selection, wordsOf } from './select-machines.ts';
import { suggest } from './suggest.ts';
import { messageOf } from '../util/message-of.ts';

/** Whether each word of a field `on` means a machine. */
export function checkSelection(
  on: Selection,
  path: FieldPath,
  names: readonly string[],
): Finding[] {
  // That there are none is said, and is all that is wrong.
  if (names.length === 0) return [];
  return wordsOf(on).flatMap((word, at) => {
    if (machinesMeant(word, names).length > 0) return [];
    const place = typeof on === 'string' ? path : [...path, at];
    const [, source] = PATTERN.exec(word) ?? [];
    const problem = source === undefined ? undefined : patternProblem(source);
    if (problem !== undefined) return badPattern(word, problem, place);
    return reference(source === undefined ? 'machine' : 'machine like', word, names, place);
  });
}

function patternProblem(source: string): string | undefined {
  try {
    return RegExp(source) && undefined;
  } catch (cause) {
    const reason = messageOf(cause);
    return reason.split(': ').at(-1);
  }
}

function badPattern(word: string, problem: string, path: FieldPath): Finding[] {
  const data = {
    field: formatPath(path),
    value: `the text '${word}'`,
    expected: `a regular expression between the two slashes, and is none: ${problem}`,
    example: "on: '/agent_.+/'",
  };
  return [{ code: 'LAB_VALUE', path, part: 'value', data }];
}

export function references(
  what: string,
  words: readonly (string | undefined)[] | undefined,
  known: readonly string[],
  path: FieldPath,
): Finding[] {
  return (words ?? []).flatMap((word, at) => reference(what, word, known, [...path, at]));
}

export function reference(
  what: string,
  name: string | undefined,
  known: readonly string[],
  path: FieldPath,
): Finding[] {
  if (name === undefined || known.includes(name)) return [];
  const near = suggest(name, known);
  const all = `there are: ${known.join(', ') || 'none'}`;
  const advice = near === undefined ? all : `did you mean '${near}'? ${all}`;
  const data = { field: formatPath(path), what, name, advice };
  return [{ code: 'LAB_REFERENCE', path, part: 'value', data }];
}

export function notAbsolute(path: string, at: FieldPath, example: string): Finding {
  const data = {
    field: formatPath(at),
    value: `the text '${path}'`,
    expected: 'an absolute path in the machines',
    example: `'${example}'`,
  };
  return { code: 'LAB_VALUE', path: at, part: 'value', data };
}
