import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { GENERATORS } from './gen-list.ts';

test.each(Object.keys(GENERATORS))('%s is up to date (else: npm run gen)', async (path) => {
  const kept = readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
  expect(kept).toBe(await GENERATORS[path]?.());
});
