import type { ErrorCode } from '../util/error-table.ts';

/** The way to a field from the top of the lab file. */
export type FieldPath = readonly (string | number)[];

/** Something wrong with a lab file, before it is known where in the file that is. */
export interface Finding {
  readonly code: ErrorCode;
  readonly path: FieldPath;
  /** Whether the key is wrong or what it holds. */
  readonly part: 'key' | 'value';
  readonly data: Readonly<Record<string, string | number>>;
}

/** @example formatPath(['machines', 'agent_1', 'disks', 0]) // 'machines.agent_1.disks[0]' */
export function formatPath(path: FieldPath): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (/^[\w$-]+$/.test(step)) text += text === '' ? step : `.${step}`;
    else text += `[${JSON.stringify(step)}]`;
  }
  return text === '' ? 'the lab file' : text;
}

/** Whether a path leads to something within what `outer` leads to. */
export function isWithin(path: FieldPath, outer: FieldPath): boolean {
  return path.length > outer.length && outer.every((step, at) => step === path[at]);
}
