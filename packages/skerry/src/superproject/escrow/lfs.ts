/** A file whose content is not in git but on a Git LFS server (git-lfs specification, docs/spec.md). */
export interface LfsPointer {
  /** In the whole source tree. */
  readonly path: string;
  readonly sha256: string;
  readonly size: number;
}

const POINTER =
  /^version https:\/\/git-lfs\.github\.com\/spec\/v1\n(?:ext-.*\n)*oid sha256:([0-9a-f]{64})\nsize (\d+)\n?$/;

/** Reads a Git LFS pointer; undefined for any other content. */
export function lfsPointer(path: string, content: Buffer): LfsPointer | undefined {
  if (content.length > 1024) return undefined;
  const match = POINTER.exec(content.toString('latin1'));
  return match?.[1] === undefined ? undefined : { path, sha256: match[1], size: Number(match[2]) };
}
