import { posix } from 'node:path';
import { parseDocument } from 'yaml';

/**
 * The folders of data that a hiera.yaml (version 5) means, relative to it: puppet looks for them beside the file, wherever that
 * is in the machine. Absolute ones, and those above it, are the machine's own. Up to the first variable. Pure.
 */
export function hieraFolders(text: string): string[] {
  const config = asObject(parseDocument(text, { logLevel: 'silent' }).toJS({ maxAliasCount: 100 }));
  if (config.version !== 5) return [];
  const own = asObject(config.defaults).datadir;
  const hierarchy = Array.isArray(config.hierarchy) ? config.hierarchy : [];
  const named = hierarchy.map((level) => asObject(level).datadir ?? own ?? 'data');
  const folders = [own ?? 'data', ...named].flatMap((one) => folderOf(one) ?? []);
  const distinct = [...new Set(folders)].sort();
  return distinct.filter((one) => !distinct.some((other) => one.startsWith(`${other}/`)));
}

function folderOf(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.startsWith('/')) return undefined;
  const known = value.split('/');
  const at = known.findIndex((part) => part.includes('%{'));
  const path = posix.normalize((at < 0 ? known : known.slice(0, at)).join('/') || '.');
  const folder = path.replace(/\/+$/, '');
  return folder === '.' || folder === '..' || folder.startsWith('../') ? undefined : folder;
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
