import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { runOrThrow } from '../util/run.ts';

export interface KeyPair {
  readonly privateKey: string;
  readonly publicKey: string;
}

/** Under way, by path: machines that start side by side share the lab's key. */
const making = new Map<string, Promise<KeyPair>>();

/** Reads the ed25519 key pair at `path`, made on the first call with ssh-keygen (mode 0600, no passphrase). */
export function keyPair(path: string, comment: string): Promise<KeyPair> {
  const made = making.get(path) ?? readOrMake(path, comment).finally(() => making.delete(path));
  making.set(path, made);
  return made;
}

async function readOrMake(path: string, comment: string): Promise<KeyPair> {
  if (!existsSync(path)) {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const fresh = `${path}.new`;
    await Promise.all([rm(fresh, { force: true }), rm(`${fresh}.pub`, { force: true })]);
    await runOrThrow('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', fresh]);
    await rename(`${fresh}.pub`, `${path}.pub`);
    await rename(fresh, path);
  }
  const [privateKey, publicKey] = await Promise.all([
    readFile(path, 'utf8'),
    readFile(`${path}.pub`, 'utf8'),
  ]);
  return { privateKey, publicKey };
}
