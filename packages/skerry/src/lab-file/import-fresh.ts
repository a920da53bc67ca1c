import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** Marks the modules of one load, so that the next load reads them again. */
const TAG = 'skerry-lab';
/** What `import 'skerry'` means in a lab file: this very Skerry, also where no node_modules is near. */
const SKERRY = new URL(`../index.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url)
  .href;

/** The files a load has read, in order, by its tag. */
const filesOf = new Map<string, string[]>();
let loads = 0;
let areHooksOn = false;

/** A module that was loaded, or the error instead. */
export interface FreshImport {
  readonly exports: Readonly<Record<string, unknown>> | undefined;
  readonly error: unknown;
  /** The script files it is made of, itself first. */
  readonly files: readonly string[];
}

/** Runs a TypeScript or JavaScript module and all it imports by path anew, each time it is called. */
export async function importFresh(file: string): Promise<FreshImport> {
  if (!areHooksOn) registerHooks({ resolve });
  areHooksOn = true;
  const tag = String(++loads);
  const files: string[] = [];
  filesOf.set(tag, files);
  try {
    const exports = (await import(withTag(pathToFileURL(file).href, tag))) as Record<
      string,
      unknown
    >;
    return { exports, error: undefined, files };
  } catch (error) {
    return { exports: undefined, error, files };
  } finally {
    filesOf.delete(tag);
  }
}

type Resolve = NonNullable<Parameters<typeof registerHooks>[0]['resolve']>;

const resolve: Resolve = (specifier, context, nextResolve) => {
  const tag = tagOf(specifier) ?? tagOf(context.parentURL);
  if (tag === undefined) return nextResolve(specifier, context);
  if (specifier === 'skerry') return { url: SKERRY, shortCircuit: true };
  const resolved = nextResolve(specifier, context);
  const isScript = /^file:[^?]*\.m?[jt]s(?:\?|$)/.test(resolved.url);
  if (!isScript || resolved.url.includes('/node_modules/')) return resolved;
  const file = fileURLToPath(resolved.url);
  filesOf.get(tag)?.push(file);
  // Said outright: else Node guesses by the nearest package.json, and warns when that says nothing.
  const format = formatOf(file) ?? resolved.format;
  return { ...resolved, url: withTag(resolved.url, tag), ...(format && { format }) };
};

function formatOf(file: string): string | undefined {
  if (/\.m?ts$/.test(file)) return 'module-typescript';
  if (file.endsWith('.mjs')) return 'module';
  return /^\s*(?:import|export)\b/m.test(readFileSync(file, 'utf8')) ? 'module' : undefined;
}

function withTag(href: string, tag: string): string {
  const url = new URL(href);
  url.searchParams.set(TAG, tag);
  return url.href;
}

function tagOf(href: string | undefined): string | undefined {
  return href?.startsWith('file:') ? (new URL(href).searchParams.get(TAG) ?? undefined) : undefined;
}
