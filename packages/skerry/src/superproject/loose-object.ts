import { createHash } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { deflate } from 'node:zlib';

export type ObjectType = 'commit' | 'tag' | 'blob';

/** The id git gives an object (gitformat: header, NUL, content); `like` is another id of the same repository. */
export function objectId(type: ObjectType, content: string, like: string): string {
  const hash = createHash(like.length === 64 ? 'sha256' : 'sha1');
  return hash.update(withHeader(type, content)).digest('hex');
}

/** Writes an object into a repository as `git hash-object -w` does, without a process. Gives its id. */
export async function writeObject(
  gitDir: string,
  type: ObjectType,
  content: string,
  like: string,
): Promise<string> {
  const id = objectId(type, content, like);
  const file = join(gitDir, 'objects', id.slice(0, 2), id.slice(2));
  await mkdir(dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}`;
  await writeFile(temporary, await promisify(deflate)(withHeader(type, content)), { mode: 0o444 });
  await rename(temporary, file);
  return id;
}

function withHeader(type: ObjectType, content: string): Buffer {
  const body = Buffer.from(content);
  return Buffer.concat([Buffer.from(`${type} ${body.length}\0`), body]);
}
