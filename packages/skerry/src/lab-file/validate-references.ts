import { formatPath, type FieldPath, type Finding } from './finding.ts';
import { machinesMeant, type Selection, wordsOf } from './select-machines.ts';
import { suggest } from './suggest.ts';

/** Whether each word of a field `on` means a machine. */
export function checkSelection(
  on: Selection,
  path: FieldPath,
  names: readonly string[],
): Finding[] {
  return wordsOf(on).flatMap((word, at) => {
    if (machinesMeant(word, names).length > 0) return [];
    const place = typeof on === 'string' ? path : [...path, at];
    return reference('machine', word, names, place);
  });
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
