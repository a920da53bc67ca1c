import { type ErrorDetails, SkerryError } from '../../util/errors.ts';

/** The formats of other tools, and `json`, which carries all. */
export const FORMATS = ['repo', 'west', 'repos', 'json'] as const;
export type Format = (typeof FORMATS)[number];

/** One repository as any of the manifests names it. */
export interface ManifestProject {
  readonly name: string;
  readonly path: string;
  readonly url: string;
  /** The branch it follows; a format that does not tell branches from tags says a tag here as well. */
  readonly branch?: string;
  /** A full object id. */
  readonly pin?: string;
  readonly groups: readonly string[];
}

/** A project with the line of the manifest it is on, from 1. */
export interface PlacedProject extends ManifestProject {
  readonly line: number;
}

/** Something that the other side has no word for. */
export interface Loss {
  readonly what: string;
  /** The projects, files or other things it is about. */
  readonly names: readonly string[];
}

export interface ParsedManifest {
  readonly projects: readonly PlacedProject[];
  readonly losses: readonly Loss[];
}

export interface WrittenManifest {
  readonly text: string;
  readonly losses: readonly Loss[];
}

/** Collects losses, one for each kind. */
export class Losses {
  readonly #byWhat = new Map<string, Set<string>>();

  add(what: string, name: string): void {
    const names = this.#byWhat.get(what) ?? new Set();
    this.#byWhat.set(what, names.add(name));
  }

  list(): readonly Loss[] {
    return [...this.#byWhat].map(([what, names]) => ({ what, names: [...names] }));
  }
}

export function isObjectId(text: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}

/** A revision as repo, west and vcstool write it: a full object id, a branch, a tag; or a full ref name. */
export function revisionOf(text: string): Pick<ManifestProject, 'branch' | 'pin'> {
  if (text === '' || text === 'HEAD') return {};
  return isObjectId(text) ? { pin: text } : { branch: text.replace(/^refs\/heads\//, '') };
}

/** @example joinUrl('https://example.org/a/', 'b') // 'https://example.org/a/b' */
export function joinUrl(base: string, path: string): string {
  const joined = `${base.replace(/\/+$/, '')}/${path}`;
  // What splitUrl writes for repositories right below a host's home folder.
  return joined.replace(/^([^/:]+):\.\//, '$1:');
}

/** A url as base and rest, which formats keep apart: joinUrl gives it again. */
export function splitUrl(url: string): { base: string; rest: string } {
  const at = url.lastIndexOf('/');
  if (at > 0 && url[at - 1] !== '/') return { base: url.slice(0, at), rest: url.slice(at + 1) };
  const colon = url.indexOf(':');
  if (at < 0 && colon > 0) return { base: `${url.slice(0, colon)}:.`, rest: url.slice(colon + 1) };
  return { base: url.slice(0, at), rest: url.slice(at + 1) };
}

/** Names for the bases of all projects, in the order they come; the first one is `origin`. */
export function remotesOf(projects: readonly ManifestProject[]): ReadonlyMap<string, string> {
  const bases = [...new Set(projects.map(({ url }) => splitUrl(url).base))];
  return new Map(bases.map((base, at) => [base, at === 0 ? 'origin' : `origin${at + 1}`]));
}

/** A fault of a manifest at a line. */
export function manifestError(file: string, line: number, reason: string): SkerryError {
  const details: ErrorDetails = { place: { file, line, column: 1 }, data: { reason } };
  return new SkerryError('SP_MANIFEST_INVALID', details);
}
