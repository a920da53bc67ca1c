import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadNatively } from '../packages/skerry/test/load-natively.ts';
import { VERBS, VerbTable } from '../packages/skerry/src/cloud/verbs/table.ts';
import { GENERATORS } from './gen-list.ts';
import { verbsPage } from './gen-verbs.ts';

test.each(Object.keys(GENERATORS))('%s is up to date (else: npm run gen)', async (path) => {
  const kept = readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
  expect(kept).toBe(await GENERATORS[path]?.());
});

test('a verb that is added is on the page of verbs', () => {
  const [verb] = VERBS.of('vm');
  if (!verb) throw new Error('there is no verb');
  const sing = { ...verb, name: 'sing', command: 'sing', summary: 'sing a song' };
  expect(verbsPage(new VerbTable([sing]))).toContain('### vm: sing\n\nSing a song.');
});

test('the examples of the lab file page are the same valid lab', async () => {
  const page = readFileSync(new URL('../docs/reference/lab-file.md', import.meta.url), 'utf8');
  const root = mkdtempSync(join(tmpdir(), 'skerry-docs-'));
  const dirs = ['ts', 'yaml'].map((language) => {
    const [, source = ''] = new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(page) ?? [];
    const dir = join(root, language);
    mkdirSync(dir);
    writeFileSync(join(dir, `skerry.config.${language}`), source);
    return dir;
  });
  const [ts, yaml] = await loadNatively(dirs, { isThorough: true });
  rmSync(root, { recursive: true });
  expect(ts?.errors).toEqual([]);
  expect(ts?.spec?.machines).toHaveLength(4);
  expect(yaml?.spec).toEqual({ ...ts?.spec, file: yaml?.spec?.file, dir: yaml?.spec?.dir });
});
