import { SkerryError } from '../../util/errors.ts';
import type { GatheredComponent } from './gather.ts';
import type { LfsPointer } from './lfs.ts';
import type { PackedRepository } from './pack-repository.ts';

export const MANIFEST = 'manifest.json';
export const README = 'README.txt';
export const CYCLONEDX = 'sbom.cdx.json';
export const SPDX = 'sbom.spdx.json';

/** A repository in the deposit. */
export interface ManifestRepository extends PackedRepository {
  /** Its folder in the deposit. */
  readonly path: string;
  /** Where it came from, without credentials. */
  readonly url: string;
  readonly head: string;
  readonly refs: Readonly<Record<string, string>>;
}

export interface ManifestComponent extends Omit<GatheredComponent, 'remote'> {
  readonly url: string;
  /** The folder of its repository in the deposit. */
  readonly repository: string;
}

/** The file manifest.json of a deposit: all that is needed to check it. Nothing in it depends on when or where it was made. */
export interface Manifest {
  readonly format: 1;
  readonly tool: { readonly name: string; readonly version: string };
  readonly url: string;
  /** The full name of the ref, or a commit id. */
  readonly ref: string;
  /** What `git clone -b` takes. */
  readonly branchOrTag: string;
  readonly commit: string;
  /** The folder of the superproject's repository. */
  readonly main: string;
  /** For components with absolute urls: what they begin with, and the folder that stands for it. */
  readonly rewrites: readonly { readonly url: string; readonly path: string }[];
  readonly source: {
    readonly folder: string;
    readonly entries: number;
    readonly bytes: number;
    readonly listSha256: string;
  };
  /** Of an incremental deposit: the older one it needs, from here, and the SHA-256 of its SHA256SUMS. */
  readonly since?: { readonly path: string; readonly sha256: string } | undefined;
  readonly lfs: readonly LfsPointer[];
  readonly repositories: readonly ManifestRepository[];
  readonly components: readonly ManifestComponent[];
}

/** The same bytes for the same content. */
export function formatManifest(manifest: Manifest): string {
  return `${JSON.stringify(manifest, undefined, 2)}\n`;
}

/** @throws SP_ESCROW_MANIFEST when it is none, or of a later version */
export function parseManifest(text: string, file: string): Manifest {
  let manifest: Partial<Manifest>;
  try {
    manifest = JSON.parse(text) as Partial<Manifest>;
  } catch {
    throw unreadable(file, 'it is no JSON');
  }
  if (manifest?.format !== 1)
    throw unreadable(file, `its format is ${String(manifest?.format)}, and not 1`);
  const { main, branchOrTag, commit, repositories, components, rewrites } = manifest;
  const isWhole =
    typeof main === 'string' &&
    typeof branchOrTag === 'string' &&
    typeof commit === 'string' &&
    [repositories, components, rewrites].every(Array.isArray);
  if (!isWhole) throw unreadable(file, 'parts of it are missing');
  // Anybody may have written it: of what becomes a path nothing is taken for granted.
  const parts = [...(repositories ?? []), ...(rewrites ?? []), ...(components ?? [])];
  const inside: unknown[] = [main, ...parts.map((part) => part?.path)];
  for (const component of components ?? [])
    if (component?.within !== undefined) inside.push(component.within);
  if (inside.some((path) => typeof path !== 'string'))
    throw unreadable(file, 'parts of it are missing');
  const outside = inside.map(String).find(leadsOut);
  if (outside !== undefined) throw unreadable(file, `'${outside}' leads out of the deposit`);
  return manifest as Manifest;
}

function leadsOut(path: string): boolean {
  return path.startsWith('/') || path.split('/').includes('..') || /[\0\n]/.test(path);
}

function unreadable(file: string, reason: string): SkerryError {
  return new SkerryError('SP_ESCROW_MANIFEST', { data: { file, reason } });
}
