import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadNatively, type NativeLoad } from '../../test/load-natively.ts';
import { CASES } from '../../test/lab-error-cases.ts';

const HOST = {
  knownImages: ['debian-12', 'debian-13'],
  hostMemoryMiB: 8192,
  hostCpus: 2,
  uid: 1000,
  home: '/home/me',
};
const LANGUAGES = ['json', 'ts', 'yaml'] as const;

const root = mkdtempSync(join(tmpdir(), 'skerry-lab-'));
afterAll(() => rmSync(root, { recursive: true }));

const marksOf = new Map<string, string[]>();
const loads = new Map<string, NativeLoad>();

beforeAll(async () => {
  const paths: string[] = [];
  for (const [i, { json, yaml }] of CASES.entries()) {
    for (const language of LANGUAGES) {
      const source = { json, ts: toTypeScript(json), yaml }[language];
      const { clean, marks } = takeMarks(source);
      const dir = join(root, `${i}-${language}`);
      mkdirSync(dir);
      writeFileSync(join(dir, `skerry.config.${language}`), clean);
      marksOf.set(`${i}-${language}`, marks);
      paths.push(dir);
    }
  }
  const results = await loadNatively(paths, HOST);
  for (const [i, key] of [...marksOf.keys()].entries())
    loads.set(key, results[i] ?? { errors: [] });
});

describe.each(CASES)('$title', (one) => {
  const i = CASES.indexOf(one);

  test.each(LANGUAGES)('in %s', (language) => {
    const errors = loads.get(`${i}-${language}`)?.errors ?? [];
    expect(errors.map((e) => `${e.code} ${e.field}`)).toEqual(one.expected);
    const places = new Set(errors.map(({ place }) => `${place?.line}:${place?.column}`));
    expect([...places]).toEqual(marksOf.get(`${i}-${language}`));
    for (const { message, hint } of errors) expect(message + hint).not.toMatch(/\{\w+\}|undefined/);
  });
});

test('every code of validation has a case', () => {
  const covered = new Set(
    CASES.flatMap(({ expected }) => expected.map((line) => line.split(' ')[0])),
  );
  const codes = readdirSync(import.meta.dirname)
    .filter((name) => /^validate(?!.*test)/.test(name))
    .map((name) => readFileSync(join(import.meta.dirname, name), 'utf8'))
    .flatMap((source) => source.match(/(?<=')LAB_[A-Z_]+(?=')/g) ?? []);
  expect(codes.length).toBeGreaterThan(15);
  expect(codes.filter((code) => !covered.has(code))).toEqual([]);
});

test('messages and hints read as sentences', () => {
  const all = CASES.flatMap((_, i) => loads.get(`${i}-json`)?.errors ?? []);
  expect(all.map(({ message, hint }) => `${message}\n  ${hint}`).join('\n')).toMatchSnapshot();
});

/** Takes the `▸` out of a source, each of which stands before a place that an error must name. */
function takeMarks(source: string): { clean: string; marks: string[] } {
  const marks: string[] = [];
  const lines = source.split('\n').map((line, i) => {
    let clean = line;
    for (let at = clean.indexOf('▸'); at >= 0; at = clean.indexOf('▸')) {
      marks.push(`${i + 1}:${at + 1}`);
      clean = clean.replace('▸', '');
    }
    return clean;
  });
  return { clean: lines.join('\n'), marks };
}

/** The same lab as people write it in TypeScript: keys without quotes, and lines above it. */
function toTypeScript(json: string): string {
  const body = json.replaceAll(/"([A-Za-z_]\w*)":/g, '$1:').replaceAll('"', "'");
  return `import { defineLab } from 'skerry';\n\nconst unused: number = 1;\nexport default defineLab(${body});\n`;
}
