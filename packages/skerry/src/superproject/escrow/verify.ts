import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { checkFiles, type Damage, readManifest } from './check-files.ts';
import { checkShape } from './check-shape.ts';
import type { Manifest } from './manifest.ts';
import { inspectRepository } from './pack-repository.ts';
import { basePath } from './since.ts';
import { checkSignature, type Signer } from './signature.ts';
import { encodePath, formatEntry, hashChunks, walkSource } from './source-walk.ts';
import { restoredNode, stockClone } from './stock-clone.ts';
import { hashFile, SUMS } from './sums.ts';
import { readTar } from './tar-read.ts';
import { SOURCE_LIST, SOURCE_TAR } from './write-source.ts';

export interface VerifyOptions {
  readonly signal?: AbortSignal | undefined;
  /** A file of allowed signers: the deposit has to be signed by one of them. */
  readonly allowedSigners?: string | undefined;
  readonly onProgress?: ((text: string) => void) | undefined;
}

export interface VerifiedDeposit {
  readonly dir: string;
  /** What is not as it was, file by file; nothing when all is well. */
  readonly damaged: readonly Damage[];
  readonly signer: Signer | undefined;
  /** SHA-256 of the file SHA256SUMS. */
  readonly sha256: string;
  readonly branchOrTag: string | undefined;
  readonly commit: string | undefined;
  readonly repositories: number;
  /** Files that were restored and compared. */
  readonly files: number;
}

/**
 * Proves a deposit: every file against its hash, the signature, then a restore with stock git and no network into an
 * empty folder, git fsck --strict of every repository, and every file of the restored tree and of the tar archive against
 * the list. A deposit with a damaged file is not restored.
 *
 * @throws SP_ESCROW_MANIFEST, SP_ESCROW_UNSIGNED
 */
export async function verifyEscrow(
  path: string,
  options: VerifyOptions = {},
): Promise<VerifiedDeposit> {
  const dir = resolve(path);
  const { signal, onProgress } = options;
  onProgress?.('checking hashes');
  const damaged = await checkFiles(dir, signal);
  const sha256 = await hashFile(join(dir, SUMS));
  const none = { dir, damaged, sha256, repositories: 0, files: 0 };
  if (damaged.length > 0)
    return { ...none, signer: undefined, branchOrTag: undefined, commit: undefined };
  const signer = await checkSignature(dir, options.allowedSigners);
  const manifest = await readManifest(dir);
  const odd = await checkShape(dir, manifest);
  const older = odd.length > 0 ? odd : await checkBases(dir, manifest, signal);
  if (older.length > 0)
    return { ...none, signer, damaged: older, branchOrTag: undefined, commit: undefined };
  const expected = new Set(
    (await readFile(join(dir, SOURCE_LIST), 'utf8')).split('\n').filter(Boolean),
  );
  const found = [
    ...(await checkRepositories(dir, manifest, options)),
    ...(await checkRestored(dir, manifest, expected, options)),
    ...(await checkTar(dir, manifest, expected)),
  ];
  const { branchOrTag, commit, repositories } = manifest;
  const files = expected.size;
  return {
    ...none,
    signer,
    branchOrTag,
    commit,
    damaged: found,
    repositories: repositories.length,
    files,
  };
}

/** The older deposits that an incremental one needs: there, the same, and whole. */
async function checkBases(
  dir: string,
  manifest: Manifest,
  signal: AbortSignal | undefined,
): Promise<Damage[]> {
  const { since } = manifest;
  const base = basePath(dir, manifest);
  if (since === undefined || base === undefined) return [];
  const sum = await hashFile(join(base, SUMS)).catch(() => undefined);
  if (sum === undefined)
    return [{ path: since.path, problem: 'missing: this deposit builds on it' }];
  if (sum !== since.sha256)
    return [{ path: since.path, problem: 'not the deposit that this one builds on' }];
  const there = (all: readonly Damage[]): Damage[] =>
    all.map(({ path, problem }) => ({ path: `${since.path}/${path}`, problem }));
  const damaged = there(await checkFiles(base, signal));
  if (damaged.length > 0) return damaged;
  const older = await readManifest(base);
  const odd = there(await checkShape(base, older));
  return odd.length > 0 ? odd : checkBases(base, older, signal);
}

async function checkRepositories(
  dir: string,
  { repositories }: Manifest,
  { signal, onProgress }: VerifyOptions,
): Promise<Damage[]> {
  const damaged: Damage[] = [];
  for (const { path, objectsSha256, findings } of repositories) {
    onProgress?.(`checking ${path}`);
    const now = await inspectRepository(join(dir, path), signal).catch(
      (error: Error) => error.message,
    );
    if (typeof now === 'string') damaged.push({ path, problem: now });
    else if (now.objectsSha256 !== objectsSha256)
      damaged.push({ path, problem: 'its git objects are not those of the manifest' });
    else if (now.findings.sha256 !== findings.sha256)
      // Each version of git finds more or less in old history.
      onProgress?.(`${path}: this git has ${now.findings.count} remarks on its history`);
  }
  return damaged;
}

async function checkRestored(
  dir: string,
  manifest: Manifest,
  expected: ReadonlySet<string>,
  { signal, onProgress }: VerifyOptions,
): Promise<Damage[]> {
  onProgress?.('restoring without network');
  const work = await mkdtemp(join(tmpdir(), 'skerry-escrow-'));
  try {
    const target = join(work, 'restored');
    await stockClone(dir, manifest, { target, home: join(work, 'home'), signal });
    onProgress?.('comparing what was restored');
    const node = await restoredNode(target, manifest.components);
    const left = new Set(expected);
    const damaged: Damage[] = [];
    for await (const entry of walkSource(node, signal)) {
      if (entry.mode === '040000') continue;
      const sum = entry.chunks ? await hashChunks(entry.chunks, () => {}) : '';
      const line = formatEntry(entry, sum).trimEnd();
      if (!left.delete(line))
        damaged.push({
          path: encodePath(entry.path),
          problem: 'restored, it is not as in the list',
        });
    }
    for (const line of left)
      damaged.push({ path: line.split(' ').at(-1) ?? line, problem: 'it was not restored' });
    return damaged;
  } catch (error) {
    signal?.throwIfAborted();
    return [{ path: manifest.main, problem: `it cannot be restored: ${(error as Error).message}` }];
  } finally {
    await rm(work, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Files, links and modes in the archive, against the list. */
async function checkTar(
  dir: string,
  { source }: Manifest,
  expected: ReadonlySet<string>,
): Promise<Damage[]> {
  const wanted = new Map<string, string>();
  for (const line of expected) {
    const [mode = '', , sum = '', , path = ''] = line.split(' ');
    if (mode !== '160000') wanted.set(path, `${mode} ${sum}`);
  }
  const start = `${source.folder}/`;
  const damaged: Damage[] = [];
  for await (const { path, kind, isExecutable, sha256 } of readTar(join(dir, SOURCE_TAR))) {
    if (kind === 'folder') continue;
    const name = encodePath(path);
    const own = name.slice(start.length);
    const mode = kind === 'link' ? '120000' : isExecutable ? '100755' : '100644';
    const isRight = name.startsWith(start) && wanted.get(own) === `${mode} ${sha256}`;
    if (!isRight) damaged.push({ path: SOURCE_TAR, problem: `${name} is not as in the list` });
    wanted.delete(own);
  }
  for (const path of wanted.keys())
    damaged.push({ path: SOURCE_TAR, problem: `${path} is not in it` });
  return damaged;
}
