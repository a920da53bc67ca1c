// Writes every generated file that is kept in git. A test (gen.test.ts) fails when one of them is out of date.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { GENERATORS } from './gen-list.ts';

for (const [path, generate] of Object.entries(GENERATORS)) {
  const file = new URL(`../${path}`, import.meta.url).pathname;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, await generate());
  console.log(path);
}
