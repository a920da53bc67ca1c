import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SkerryError } from '../../util/errors.ts';
import { each } from '../checkout/each.ts';
import { type Layout, layoutOf } from '../layout.ts';
import { shownUrl } from '../module-url.ts';
import type { Network } from '../network.ts';
import { Scratch } from '../scratch.ts';
import { signSsh } from '../sign-ssh.ts';
import { type Gathered, gather } from './gather.ts';
import {
  CYCLONEDX,
  formatManifest,
  type Manifest,
  MANIFEST,
  type ManifestRepository,
  README,
  SPDX,
} from './manifest.ts';
import { packRepository, type PackedRepository } from './pack-repository.ts';
import { formatReadme } from './readme.ts';
import { type Base, borrow, openBase, sameIn, sinceOf } from './since.ts';
import { billComponents, cycloneDx, spdx } from './sbom.ts';
import { NAMESPACE } from './signature.ts';
import { Staging } from './staging.ts';
import { formatSums, hashFile, listDeposit, SIGNATURE, SUMS, syncToDisk } from './sums.ts';
import { SOURCE_LIST, SOURCE_TAR, writeSource, type WrittenSource } from './write-source.ts';
import type { SourceNode } from './source-walk.ts';

export interface EscrowOptions {
  /** The superproject's remote. */
  readonly url: string;
  /** A tag, a branch or a full commit id. */
  readonly ref: string;
  /** Where the deposit is to be: a folder that is not there yet, or empty. */
  readonly dir: string;
  readonly tool: { readonly name: string; readonly version: string };
  /** Sign it with this ssh key file. */
  readonly signKey?: string | undefined;
  /** An older deposit that has to stay where it is, seen from this one: only what is new since then is packed. */
  readonly since?: string | undefined;
  readonly onProgress?: ((text: string) => void) | undefined;
}

export interface Deposit {
  readonly dir: string;
  readonly manifest: Manifest;
  /** SHA-256 of the file SHA256SUMS, which stands for all. */
  readonly sha256: string;
  readonly isSigned: boolean;
}

export const RESERVED = [
  README,
  MANIFEST,
  CYCLONEDX,
  SPDX,
  SUMS,
  SIGNATURE,
  SOURCE_TAR,
  SOURCE_LIST,
  'external',
];

/**
 * Makes a deposit: everything of a superproject's commit, in a folder that stock git restores without network. The same
 * commit, with the same tags on its components, gives the same files. The folder appears when it is complete.
 *
 * @throws SP_TARGET_TAKEN, SP_LAYOUT, SP_ESCROW_PATH, SP_ESCROW_BROKEN, SP_SIGN, and what gather throws
 */
export async function createEscrow(network: Network, options: EscrowOptions): Promise<Deposit> {
  const { url, ref, signKey, onProgress } = options;
  const base = options.since === undefined ? undefined : await openBase(options.since);
  await using staging = await Staging.create(options.dir);
  const { dir, target } = staging;
  const question = { url, ref, tool: options.tool, base, target };
  const manifest = await fill(network, dir, question, onProgress);
  onProgress?.('hashing');
  const sums = formatSums(await sumsOf(dir, network.signal));
  await writeFile(join(dir, SUMS), sums);
  if (signKey !== undefined)
    await writeFile(join(dir, SIGNATURE), await signSsh(sums, signKey, NAMESPACE));
  await syncToDisk(join(dir, SUMS));
  const sha256 = await hashFile(join(dir, SUMS));
  await staging.publish();
  return { dir: staging.target, manifest, sha256, isSigned: signKey !== undefined };
}

interface Question extends Pick<EscrowOptions, 'url' | 'ref' | 'tool'> {
  readonly base: Base | undefined;
  /** Where the deposit will be. */
  readonly target: string;
}

async function fill(
  network: Network,
  dir: string,
  { url, ref, tool, base, target }: Question,
  onProgress: EscrowOptions['onProgress'],
): Promise<Manifest> {
  await using scratch = await Scratch.create(dir);
  const gathered = await gather(network, scratch, { url, ref }, onProgress);
  const layout = layoutOf(url, gathered.uses, RESERVED);
  const repositories = await packAll(gathered, layout, {
    ...{ dir, scratch, network, onProgress, base, target },
  });
  onProgress?.('writing the source tree');
  const { root } = gathered;
  const folder = folderOf(url, gathered.branchOrTag);
  const packed = relocated(root, gathered, (remote) => join(dir, pathOf(layout, remote)));
  const source = await writeSource(dir, packed, { folder, signal: network.signal });
  const components = billComponents(gathered.components, source);
  const bill = { tool, seconds: root.seconds, components };
  const manifest = manifestOf({
    ...{ gathered, layout, source, repositories, url, folder, tool },
    since: base && sinceOf(base, target),
  });
  await writeFile(join(dir, MANIFEST), formatManifest(manifest));
  await writeFile(join(dir, README), formatReadme(manifest));
  await writeFile(join(dir, CYCLONEDX), `${JSON.stringify(cycloneDx(bill), undefined, 2)}\n`);
  await writeFile(join(dir, SPDX), `${JSON.stringify(spdx(bill), undefined, 2)}\n`);
  return manifest;
}

/** Two at once: packing takes one processor each. */
const WIDTH = 2;

async function packAll(
  { repositories }: Gathered,
  layout: Layout,
  {
    dir,
    scratch,
    network,
    onProgress,
    base,
    target,
  }: {
    base: Base | undefined;
    target: string;
    dir: string;
    scratch: Scratch;
    network: Network;
    onProgress: EscrowOptions['onProgress'];
  },
): Promise<ManifestRepository[]> {
  const all = [...repositories.values()];
  const packed = await each(all, WIDTH, async (repository, at): Promise<ManifestRepository> => {
    const path = pathOf(layout, repository.remote);
    onProgress?.(`packing ${path}, ${at + 1} of ${all.length}`);
    // Not in its place yet: another repository may lie below it.
    const to = join(scratch.dir, `packed-${at}`);
    const facts: PackedRepository = await packRepository(repository, to, {
      base: sameIn(base, { path, url: shownUrl(repository.remote) }),
      signal: network.signal,
    });
    await rm(repository.gitDir, { recursive: true, force: true });
    const refs = Object.fromEntries([...repository.refs].sort(([a], [b]) => (a < b ? -1 : 1)));
    return { path, url: shownUrl(repository.remote), head: repository.head, refs, ...facts };
  });
  const order = packed.map(({ path }, at) => ({ path, at }));
  order.sort((a, b) => a.path.length - b.path.length);
  for (const { path, at } of order) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await rename(join(scratch.dir, `packed-${at}`), join(dir, path));
    const lender = sameIn(base, packed[at] ?? { path: '', url: '' });
    if (lender) await borrow(join(dir, path), join(target, path), lender.gitDir);
  }
  return packed.sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
}

/** The same tree, read from where its repositories are now. */
function relocated(
  node: SourceNode,
  { repositories }: Gathered,
  placeOf: (remote: string) => string,
): SourceNode {
  const remotes = new Map([...repositories.values()].map(({ gitDir, remote }) => [gitDir, remote]));
  const move = (one: SourceNode): SourceNode => ({
    ...one,
    gitDir: placeOf(remotes.get(one.gitDir) ?? ''),
    components: new Map([...one.components].map(([path, below]) => [path, move(below)])),
  });
  return move(node);
}

function manifestOf(parts: {
  gathered: Gathered;
  layout: Layout;
  source: WrittenSource;
  repositories: readonly ManifestRepository[];
  url: string;
  folder: string;
  tool: Manifest['tool'];
  since: Manifest['since'];
}): Manifest {
  const { gathered, layout, source, repositories, url, folder, tool, since } = parts;
  const { entries, bytes, listSha256, lfs } = source;
  return {
    format: 1,
    tool,
    url: shownUrl(url),
    ref: gathered.ref,
    branchOrTag: gathered.branchOrTag,
    commit: gathered.root.commit,
    main: layout.main,
    rewrites: layout.rewrites,
    source: { folder, entries, bytes, listSha256 },
    ...(since && { since }),
    lfs,
    repositories,
    components: gathered.components.map(({ remote, ...rest }) => ({
      ...rest,
      url: shownUrl(remote),
      repository: pathOf(layout, remote),
    })),
  };
}

export function pathOf({ paths }: Layout, remote: string): string {
  const path = paths.get(remote);
  if (path === undefined)
    throw new SkerryError('INTERNAL', { data: { detail: `no place for ${shownUrl(remote)}` } });
  return path;
}

async function sumsOf(dir: string, signal: AbortSignal | undefined): Promise<Map<string, string>> {
  const sums = new Map<string, string>();
  for (const path of (await listDeposit(dir)).files) {
    sums.set(path, await hashFile(join(dir, path), signal));
    await syncToDisk(join(dir, path));
  }
  return sums;
}

/** The folder all lies below in the tar archive, such as `all-3.11`. */
function folderOf(url: string, branchOrTag: string): string {
  const name =
    url
      .replace(/\/+$/, '')
      .split(/[/:]/)
      .at(-1)
      ?.replace(/\.git$/, '') ?? '';
  const plain = `${name}-${branchOrTag}`.replace(/[^A-Za-z0-9._+-]+/g, '-');
  return plain.replace(/^[.-]+/, '').slice(0, 80) || 'source';
}
