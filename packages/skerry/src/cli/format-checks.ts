import { styleText } from 'node:util';
import type { Check } from '../cloud/doctor/check.ts';

const SIGNS = { ok: ['green', '✓'], note: ['yellow', '!'], problem: ['red', '✗'] } as const;

/** What was looked at, a line each, and what to do below what needs it; a sum at the end. Pure but for colours. */
export function formatChecks(checks: readonly Check[]): string {
  const width = Math.max(0, ...checks.map(({ name }) => name.length));
  const lines = checks.flatMap(({ name, state, found, remedy }) => {
    const [color, sign] = SIGNS[state];
    const line = `${styleText(color, sign)} ${name.padEnd(width)}  ${found}`;
    return remedy === undefined
      ? [line]
      : [line, `  ${' '.repeat(width)}  ${styleText('dim', remedy)}`];
  });
  const count = (state: Check['state']): number =>
    checks.filter((each) => each.state === state).length;
  const [problems, notes] = [count('problem'), count('note')];
  const sum = [
    problems > 0 && `${problems} ${problems === 1 ? 'problem' : 'problems'}`,
    notes > 0 && `${notes} ${notes === 1 ? 'note' : 'notes'}`,
  ].filter(Boolean);
  return [...lines, '', sum.length > 0 ? sum.join(', ') : 'All is well.'].join('\n');
}
