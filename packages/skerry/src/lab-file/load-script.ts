import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SkerryError, type Place } from '../util/errors.ts';
import { importFresh } from './import-fresh.ts';
import type { LoadedConfig } from './load-config.ts';
import { suggest } from './suggest.ts';

const EXAMPLE = 'export default defineLab({ ... })';

/** What a lab file can import of Skerry, besides types. */
const EXPORTS = ['defineLab', 'superproject'] as const;
const MISSING_EXPORT = /'skerry' does not provide an export named '([^']+)'/;

/** Runs a lab file in TypeScript or JavaScript, and gives what it exports by default; a promise of it is awaited. */
export async function loadScript(file: string, source: string): Promise<LoadedConfig> {
  const { exports, error, files } = await importFresh(file);
  if (exports === undefined) throw await explain(file, error, files);
  let config: unknown;
  try {
    config = await exports['default'];
  } catch (cause) {
    throw await explain(file, cause, files);
  }
  if (config === undefined || config === null) {
    const names = Object.keys(exports).filter(
      (name) => name !== 'default' && name !== 'module.exports',
    );
    const named =
      names.length === 0 ? 'it exports nothing' : `it exports ${names.join(', ')}, but no default`;
    throw empty(file, 'default' in exports ? `its default export is ${String(config)}` : named);
  }
  if (typeof config !== 'object') throw empty(file, `its default export is a ${typeof config}`);
  return {
    file,
    config,
    positions: async () => (await import('./positions-script.ts')).scriptPositions(file, source),
  };
}

function empty(file: string, reason: string): SkerryError {
  const place = { file, line: 1, column: 1 };
  return new SkerryError('LAB_FILE_EMPTY', { data: { file, reason, example: EXAMPLE }, place });
}

async function explain(
  file: string,
  error: unknown,
  files: readonly string[],
): Promise<SkerryError> {
  const { parseScript } = await import('./parse-script.ts');
  if (error instanceof SyntaxError) {
    // V8 keeps the place of a syntax error to itself: find it again, in the lab file or what it imports.
    for (const path of files) {
      try {
        parseScript(path, readFileSync(path, 'utf8'));
      } catch (cause) {
        if (cause instanceof SkerryError) return cause;
      }
    }
  }
  const reason = error instanceof Error ? plainReason(error) : String(error);
  const place = placeOfImport(file, error, parseScript) ?? placeOfThrow(file, error, files);
  return new SkerryError('LAB_FILE_THROWS', { data: { reason, file }, place, cause: error });
}

function plainReason(error: Error): string {
  const message = error.message.replaceAll(/\?skerry-lab=\d+/g, '');
  const text = error.name === 'Error' ? message : `${error.name}: ${message}`;
  const [, missing] = MISSING_EXPORT.exec(message) ?? [];
  const near = missing === undefined ? undefined : suggest(missing, EXPORTS);
  return near === undefined ? text : `${text}; did you mean '${near}'?`;
}

/** The topmost frame of the stack that is in the user's own code. */
function placeOfThrow(file: string, error: unknown, files: readonly string[]): Place {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  for (const [, url = '', line, column] of stack.matchAll(/(file:\/\/[^\s()]+?):(\d+):(\d+)/g)) {
    const path = fileURLToPath(url);
    if (files.includes(path)) return { file: path, line: Number(line), column: Number(column) };
  }
  return { file, line: 1, column: 1 };
}

/** The import statement of a module that cannot be found. */
function placeOfImport(
  file: string,
  error: unknown,
  parse: typeof import('./parse-script.ts').parseScript,
): Place | undefined {
  if (!(error instanceof Error) || !('code' in error) || error.code !== 'ERR_MODULE_NOT_FOUND')
    return undefined;
  const missing = /^Cannot find (?:package|module) '([^']+)' imported from (.+)$/.exec(
    error.message,
  );
  if (missing === null) return undefined;
  const importer = (missing[2] ?? file).replace(/\?skerry-lab=\d+$/, '');
  const path = importer.startsWith('file:') ? fileURLToPath(importer) : importer;
  const name = (missing[1] ?? '').split('/').at(-1) ?? '';
  for (const statement of parse(path, readFileSync(path, 'utf8')).body) {
    if (!('source' in statement) || !statement.source?.loc) continue;
    if (!String(statement.source.value).includes(name)) continue;
    const { line, column } = statement.source.loc.start;
    return { file: path, line, column: column + 1 };
  }
  return undefined;
}
