import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ok } from './check.ts';
import { CHECKS } from './checks.ts';
import { examine } from './examine.ts';

const never = new Promise<never>(() => {});

test('a check that hangs or throws does not stop the others', async () => {
  const { checks, ok: isOk } = await examine({
    deadlineMs: 20,
    checks: [
      { id: 'hangs', title: 'x', run: () => never },
      { id: 'throws', title: 'x', run: () => Promise.reject(new Error('broken')) },
      { id: 'works', title: 'x', run: () => Promise.resolve(ok('fine')) },
    ],
  });
  expect(checks.map(({ level, finding }) => `${level}: ${finding}`)).toEqual([
    'warning: no answer within 0.02 s',
    'warning: the check itself failed: broken',
    'ok: fine',
  ]);
  expect(isOk).toBe(true);
});

test('docs/how-to/doctor.md has every check, and no other', () => {
  const page = readFileSync(new URL('../../../../docs/how-to/doctor.md', import.meta.url), 'utf8');
  const headings = [...page.matchAll(/^### `([a-z-]+)`$/gm)].map(([, id]) => id);
  expect(headings).toEqual(CHECKS.map(({ id }) => id));
});
