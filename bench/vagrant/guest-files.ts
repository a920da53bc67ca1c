import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../lib/process.ts';

/** A file or folder to be written into a file system image. */
export interface GuestFile {
  readonly path: string;
  /** Its content, or `from`, a file of the host's; neither for a folder. */
  readonly content?: string;
  readonly from?: string;
  readonly mode: number;
  readonly uid?: number;
  readonly gid?: number;
}

/** What a file in the image holds. */
export async function readGuestFile(
  image: string,
  path: string,
  signal: AbortSignal,
): Promise<string> {
  return (await run(['debugfs', '-R', `cat ${path}`, image], { signal })).stdout;
}

/** Writes into an ext4 image without mounting it. A file that is there is replaced. */
export async function writeGuestFiles(
  image: string,
  files: readonly GuestFile[],
  { dir, signal }: { readonly dir: string; readonly signal: AbortSignal },
): Promise<void> {
  const script: string[] = [];
  for (const [at, file] of files.entries()) {
    const { path, content, uid = 0, gid = uid } = file;
    const source = file.from ?? join(dir, `file-${at}`);
    if (content !== undefined) await writeFile(source, content, { mode: 0o600 });
    const isFolder = content === undefined && file.from === undefined;
    if (isFolder) script.push(`mkdir ${path}`);
    else script.push(`rm ${path}`, `write ${source} ${path}`);
    const mode = ((isFolder ? 0o40000 : 0o100000) | file.mode).toString(8);
    script.push(`sif ${path} mode 0${mode}`, `sif ${path} uid ${uid}`, `sif ${path} gid ${gid}`);
  }
  const commands = join(dir, 'debugfs');
  await writeFile(commands, `${script.join('\n')}\n`);
  await run(['debugfs', '-w', '-f', commands, image], { signal });
  await run(['e2fsck', '-fn', image], { signal });
}
