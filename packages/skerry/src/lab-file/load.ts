import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { SkerryError, SkerryErrors } from '../util/errors.ts';
import type { LabConfig } from './config.ts';
import { findLabFile } from './find.ts';
import { type Finding, formatPath } from './finding.ts';
import type { LoadedConfig } from './load-config.ts';
import { byPlace, placeFindings } from './place-findings.ts';
import type { Positions } from './positions.ts';
import { resolveLab } from './resolve.ts';
import { type HostParts, soundParts } from './sound-parts.ts';
import type { LabSpec } from './spec.ts';
import { validateLab, type ValidateOptions } from './validate.ts';
import { messageOf } from '../util/message-of.ts';

export interface LoadOptions extends ValidateOptions {
  /**
   * Look for keys that a script has twice as well, which costs another parse of it. For `skerry validate`; in YAML
   * and JSON they are always looked for.
   */
  readonly isThorough?: boolean;
  /** What else is looked at, such as what has to be on this host. It gets what is sound. */
  readonly alsoCheck?: (parts: HostParts) => Promise<readonly Finding[]>;
}

/**
 * Reads, checks and resolves the lab file in a folder, above it, or at a path. Everything that is wrong with it is
 * thrown at once as `SkerryErrors`, in the file's order, each with its place; that there is no file, as `SkerryError`.
 *
 * @example const lab = await loadLab('.', { knownImages: ['debian-12'], hostMemoryMiB: 16_000 });
 */
export async function loadLab(dirOrFile: string, options: LoadOptions = {}): Promise<LabSpec> {
  const file = findLabFile(dirOrFile);
  const loaded = await loadConfig(file).catch((error: unknown) => {
    throw error instanceof SkerryError ? new SkerryErrors([error]) : error;
  });
  const errors = await check(loaded, options);
  if (errors.length > 0) throw new SkerryErrors(errors);
  return resolveLab(loaded.config as LabConfig, { file });
}

async function loadConfig(file: string): Promise<LoadedConfig> {
  let source: string;
  try {
    source = readFileSync(file, 'utf8');
  } catch (cause) {
    const reason = messageOf(cause);
    throw new SkerryError('LAB_FILE_UNREADABLE', { data: { file, reason }, cause });
  }
  if (/\.[jt]s$|\.mjs$/.test(file))
    return (await import('./load-script.ts')).loadScript(file, source);
  if (/\.(?:json|ya?ml)$/.test(file))
    return (await import('./load-document.ts')).loadDocument(file, source);
  const reason = 'its name must end in .ts, .js, .mjs, .json, .yaml or .yml';
  throw new SkerryError('LAB_FILE_UNREADABLE', { data: { file, reason } });
}

async function check(loaded: LoadedConfig, options: LoadOptions): Promise<SkerryError[]> {
  const dir = dirname(loaded.file);
  const found = validateLab(loaded.config, { dir, ...options });
  const more = await options.alsoCheck?.(soundParts(loaded.config, found, dir));
  const findings = [...found, ...(more ?? [])];
  const isScript = loaded.file.endsWith('s');
  if (findings.length === 0 && isScript && options.isThorough !== true) return [];
  const positions = await loaded.positions();
  const errors = placeFindings(findings, positions);
  return [...errors, ...twice(positions)].sort(byPlace);
}

function twice({ duplicates }: Positions): SkerryError[] {
  return duplicates.map(({ path, place, firstLine }) => {
    const data = { key: String(path.at(-1)), line: firstLine };
    return new SkerryError('LAB_KEY_TWICE', { data, place, field: formatPath(path) });
  });
}
