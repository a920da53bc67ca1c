import { join } from 'node:path';
import { HashedFile } from './hashed-file.ts';
import { lfsPointer, type LfsPointer } from './lfs.ts';
import { isLicence, type LicenceFile, spdxIdOf } from './licences.ts';
import {
  formatEntry,
  hashChunks,
  type SourceEntry,
  type SourceNode,
  walkSource,
} from './source-walk.ts';
import { TAR_END, type TarEntry, tarHeader, tarPadding } from './tar.ts';

export const SOURCE_TAR = 'source.tar';
export const SOURCE_LIST = 'source-files.txt';

/** What writing the source tree found in it. */
export interface WrittenSource {
  readonly entries: number;
  readonly bytes: number;
  /** SHA-256 of the list of files: the same for the same source, whatever git packed it. */
  readonly listSha256: string;
  readonly licences: readonly LicenceFile[];
  readonly lfs: readonly LfsPointer[];
}

/** What is kept of a file's beginning, to look at. */
const HEAD_BYTES = 16_384;

/**
 * Writes the whole source tree as an uncompressed tar archive, in which all lies below `folder`, and the list of its files
 * with their hashes. The same commit gives the same bytes.
 *
 * @throws SP_ESCROW_PATH
 */
export async function writeSource(
  dir: string,
  node: SourceNode,
  { folder, signal }: { folder: string; signal?: AbortSignal | undefined },
): Promise<WrittenSource> {
  await using tar = await HashedFile.create(join(dir, SOURCE_TAR));
  await using list = await HashedFile.create(join(dir, SOURCE_LIST));
  const licences: LicenceFile[] = [];
  const lfs: LfsPointer[] = [];
  let entries = 0;
  const top = Buffer.from(folder);
  await tar.write(tarHeader({ path: top, kind: 'folder', seconds: node.seconds }));
  for await (const entry of walkSource(node, signal)) {
    entries++;
    const path = Buffer.concat([top, Buffer.from('/'), entry.path]);
    const { sha256, head } = await writeEntry(tar, entry, path);
    if (entry.mode !== '040000') await list.write(Buffer.from(formatEntry(entry, sha256)));
    if (!entry.mode.startsWith('100')) continue;
    const name = entry.path.toString();
    if (isLicence(name)) licences.push({ path: name, sha256, spdxId: spdxIdOf(name, head) });
    const pointer = lfsPointer(name, head);
    if (pointer && entry.size === head.length) lfs.push(pointer);
  }
  await tar.write(TAR_END);
  const bytes = tar.size;
  await tar.finish();
  return { entries, bytes, listSha256: await list.finish(), licences, lfs };
}

async function writeEntry(
  tar: HashedFile,
  { mode, size, seconds, chunks }: SourceEntry,
  path: Buffer,
): Promise<{ sha256: string; head: Buffer }> {
  if (!chunks) {
    await tar.write(tarHeader({ path, kind: 'folder', seconds }));
    return { sha256: '', head: Buffer.alloc(0) };
  }
  const isLink = mode === '120000';
  const isExecutable = mode === '100755';
  const file: TarEntry = { path, kind: 'file', isExecutable, size, seconds };
  if (!isLink) await tar.write(tarHeader(file));
  const kept: Buffer[] = [];
  let keptBytes = 0;
  const sha256 = await hashChunks(chunks, async (piece) => {
    if (isLink || keptBytes < HEAD_BYTES) kept.push(Buffer.from(piece));
    keptBytes += piece.length;
    if (!isLink) await tar.write(piece);
  });
  const head = Buffer.concat(kept);
  if (isLink) await tar.write(tarHeader({ path, kind: 'link', target: head, seconds }));
  else await tar.write(tarPadding(size));
  return { sha256, head };
}
