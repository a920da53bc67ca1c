// What the documentation says exists: links lead somewhere, lab files are valid, commands and options are real.
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { COMMANDS } from '../packages/skerry/src/cli/commands.ts';
import { buildProgram } from '../packages/skerry/src/cli/run-cli.ts';
import { loadNatively } from '../packages/skerry/test/load-natively.ts';
import {
  anchorsOf,
  type Block,
  blocksOf,
  linksOf,
  problemsOfCommand,
  skerryCommandsOf,
} from './docs-text.ts';

const ROOT = join(import.meta.dirname, '..');
const PAGES = markdownFiles().map((path) => ({
  path,
  text: readFileSync(join(ROOT, path), 'utf8'),
}));

test.each(PAGES)('links of $path lead somewhere', ({ path, text }) => {
  const dead = linksOf(text).filter((link) => !leadsSomewhere(path, link));
  expect(dead).toEqual([]);
});

test('lab files in the docs are valid', async () => {
  const root = mkdtempSync(join(tmpdir(), 'skerry-docs-'));
  const labs = PAGES.flatMap(({ path, text }) =>
    blocksOf(text)
      .filter(isLabFile)
      .map((block) => ({ path, block })),
  );
  expect(labs.length).toBeGreaterThan(5);
  const dirs = labs.map(({ block: { language, source } }, at) => {
    const dir = join(root, String(at));
    mkdirSync(dir);
    writeFileSync(join(dir, `skerry.config.${language}`), source);
    return dir;
  });
  const loaded = await loadNatively(dirs, { isThorough: true });
  rmSync(root, { recursive: true });
  const wrong = loaded.flatMap(({ errors }, at) =>
    errors.map(({ message }) => `${labs[at]?.path}, line ${labs[at]?.block.line}: ${message}`),
  );
  expect(wrong).toEqual([]);
}, 60_000);

test('commands and options in the docs exist', async () => {
  const program = await buildProgram(COMMANDS);
  const commands = PAGES.flatMap(({ path, text }) =>
    blocksOf(text).flatMap((block) =>
      skerryCommandsOf(block).map((words) => ({ path, line: block.line, words })),
    ),
  );
  expect(commands.length).toBeGreaterThan(50);
  const wrong = commands.flatMap(({ path, line, words }) =>
    problemsOfCommand(program, words).map(
      (problem) => `${path}, block at line ${line}: skerry ${words.join(' ')}: ${problem}`,
    ),
  );
  expect(wrong).toEqual([]);
}, 60_000);

test('npm scripts in the docs exist', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const named = PAGES.flatMap(({ path, text }) =>
    [...text.matchAll(/npm run (?:--silent )?([a-z][a-z0-9:]*)/g)].map(([, name = '']) => ({
      path,
      name,
    })),
  );
  expect(named.filter(({ name }) => !(name in scripts))).toEqual([]);
});

test('no path of a build machine is in the docs', () => {
  const found = PAGES.filter(({ text }) => /\/(?:work|root)\/[a-z]/.test(text));
  expect(found.map(({ path }) => path)).toEqual([]);
});

/** Every page in git, also one that is not yet added. */
function markdownFiles(): string[] {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '--', '*.md'];
  const files = execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trim().split('\n');
  return files.filter((file) => existsSync(join(ROOT, file)));
}

function isLabFile({ language, source }: Block): boolean {
  if (language === 'ts') return source.includes('defineLab(');
  return (language === 'yaml' || language === 'json') && /^\s*"?machines"?:/m.test(source);
}

function leadsSomewhere(from: string, link: string): boolean {
  if (/^[a-z]+:/.test(link)) return true;
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? join(ROOT, from) : resolve(ROOT, dirname(from), path);
  if (relative(ROOT, target).startsWith('..') || !existsSync(target)) return false;
  if (anchor === undefined || statSync(target).isDirectory()) return anchor === undefined;
  return anchorsOf(readFileSync(target, 'utf8')).includes(anchor);
}
