import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

export const SUMS = 'SHA256SUMS';
export const SIGNATURE = `${SUMS}.sig`;

/** Path in the deposit to SHA-256, in hex. */
export type Sums = ReadonlyMap<string, string>;

/** The format of sha256sum(1), by path, so that stock tools can check it: sha256sum -c SHA256SUMS. */
export function formatSums(sums: Sums): string {
  return [...sums]
    .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map(([path, sum]) => `${sum}  ${path}\n`)
    .join('');
}

/** Reads it; a line that is no such line is given back as `problems`. */
export function parseSums(text: string): { sums: Sums; problems: readonly string[] } {
  const sums = new Map<string, string>();
  const problems: string[] = [];
  for (const line of text.split('\n').filter(Boolean)) {
    const [, sum, path] = /^([0-9a-f]{64}) [ *](.+)$/.exec(line) ?? [];
    const isInside =
      path !== undefined &&
      !path.startsWith('/') &&
      !path.split('/').some((part) => part === '..' || part === '.' || part === '');
    if (sum === undefined || !isInside || sums.has(path)) problems.push(line);
    else sums.set(path, sum);
  }
  return { sums, problems };
}

/** All files of a deposit but the list itself and its signature; what is neither file nor folder is named in `odd`. */
export async function listDeposit(dir: string): Promise<{ files: string[]; odd: string[] }> {
  const files: string[] = [];
  const odd: string[] = [];
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
    const path = relative(dir, join(entry.parentPath, entry.name)).split(sep).join('/');
    if (path === SUMS || path === SIGNATURE) continue;
    if (entry.isFile()) files.push(path);
    else if (!entry.isDirectory()) odd.push(path);
  }
  return { files: files.sort(), odd };
}

/** The SHA-256 of a file, in hex. */
export async function hashFile(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path, { ...(signal && { signal }) }))
    hash.update(piece as Buffer);
  return hash.digest('hex');
}

/** Waits until a file or folder is on the disk. */
export async function syncToDisk(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
