import { createHash } from 'node:crypto';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SkerryError } from '../../util/errors.ts';
import { runGit, tryGit } from '../git.ts';
import type { GatheredRepository } from './gather.ts';

/** What the manifest says of a repository of the deposit. */
export interface PackedRepository {
  /** SHA-256 of the list of all its objects: `id type size`, by id. */
  readonly objectsSha256: string;
  readonly objects: number;
  /** What git fsck --strict has against its history, which cannot be changed any more; usually nothing. */
  readonly findings: Findings;
}

export interface Findings {
  readonly count: number;
  readonly sha256: string;
  /** The first ones. */
  readonly first: readonly string[];
}

const LONG_MS = 6 * 3_600_000;

/**
 * Settings of the user or of git's version that would change a pack's bytes. One thread, and no delta that came from
 * somewhere else: so the same objects give the same pack (git-pack-objects(1)).
 */
const FIXED = [
  ...['-c', 'core.compression=-1', '-c', 'pack.compression=6', '-c', 'pack.depth=50'],
  ...['-c', 'pack.window=10', '-c', 'pack.windowMemory=0', '-c', 'pack.indexVersion=2'],
  ...['-c', 'pack.packSizeLimit=0', '-c', 'pack.useSparse=false', '-c', 'pack.island='],
  ...['-c', 'pack.writeReverseIndex=false', '-c', 'core.bigFileThreshold=512m'],
];
const PACK = [
  '--revs',
  '--threads=1',
  '--no-reuse-delta',
  '--no-reuse-object',
  '--quiet',
  '--non-empty',
];

/** The configuration of a repository in a deposit, by its hash function. Any other could make git run programs. */
export const REPOSITORY_CONFIGS = [
  '[core]\n\tbare = true\n\trepositoryformatversion = 0\n',
  '[core]\n\tbare = true\n\trepositoryformatversion = 1\n[extensions]\n\tobjectformat = sha256\n',
] as const;

/** Writes a repository anew, with just the refs of the deposit and what they lead to. */
export async function packRepository(
  { gitDir, refs, head }: GatheredRepository,
  to: string,
  { base, signal }: { base?: Lender | undefined; signal?: AbortSignal | undefined } = {},
): Promise<PackedRepository> {
  const names = [...refs.keys()].sort();
  const like = [...refs.values()][0] ?? '';
  await mkdir(join(to, 'objects', 'pack'), { recursive: true });
  await mkdir(join(to, 'refs'));
  const [sha1, sha256] = REPOSITORY_CONFIGS;
  await writeFile(join(to, 'config'), like.length === 64 ? sha256 : sha1);
  await writeFile(join(to, 'HEAD'), `${head}\n`);
  const wanted = names.map((name) => `${refs.get(name)}\n`).join('');
  const input = `${wanted}${await exclusions(gitDir, base, signal)}`;
  const pack = join(to, 'objects', 'pack', 'pack');
  const rest = { cwd: gitDir, signal, timeoutMs: LONG_MS };
  await runGit([...FIXED, 'pack-objects', ...PACK, pack], { ...rest, input });
  if (base) {
    await mkdir(join(to, 'objects', 'info'));
    await writeFile(join(to, 'objects', 'info', 'alternates'), `${join(base.gitDir, 'objects')}\n`);
  }
  // Each ref is a file of its own, so that no folder is empty: copies of a deposit may lose those.
  const updates = names.map((name) => `create ${name} ${refs.get(name)}\n`).join('');
  await runGit(['update-ref', '--stdin'], { cwd: to, signal, input: updates });
  await rm(join(to, 'logs'), { recursive: true, force: true });
  await chmod(join(to, 'HEAD'), 0o644);
  return inspectRepository(to, signal);
}

/** A repository of an older deposit that has part of the objects. */
export interface Lender {
  readonly gitDir: string;
  readonly refs: Readonly<Record<string, string>>;
}

/** What the older one has needs no packing; as far as it is in the history at all. */
async function exclusions(
  gitDir: string,
  base: Lender | undefined,
  signal?: AbortSignal,
): Promise<string> {
  if (!base) return '';
  const input = [...new Set(Object.values(base.refs))].sort().map((id) => `${id}\n`);
  const check = ['cat-file', '--batch-check=%(objectname)'];
  const out = await runGit(check, { cwd: gitDir, signal, input: input.join('') });
  const lines = out
    .toString()
    .split('\n')
    .filter((line) => /^[0-9a-f]+$/.test(line));
  return lines.map((id) => `^${id}\n`).join('');
}

/** Reads what the manifest says from a repository of a deposit. @throws SP_ESCROW_BROKEN when objects are missing or damaged */
export async function inspectRepository(
  gitDir: string,
  signal?: AbortSignal,
): Promise<PackedRepository> {
  const options = { cwd: gitDir, signal, timeoutMs: LONG_MS };
  const list = await runGit(
    [
      ...['-c', 'safe.directory=*', 'cat-file', '--batch-all-objects'],
      '--batch-check=%(objectname) %(objecttype) %(objectsize)',
    ],
    options,
  );
  const { code, stdout, stderr } = await tryGit(
    ['-c', 'safe.directory=*', 'fsck', '--strict', '--full', '--no-dangling', '--no-progress'],
    { ...options, answers: Array.from({ length: 255 }, (_, at) => at + 1) },
  );
  const said = `${stdout.toString()}\n${stderr}`.split('\n').filter(Boolean);
  const findings = said.filter((line) => FINDING.test(line)).sort();
  const broken = said.filter((line) => !FINDING.test(line) && !/^(notice|hint): /.test(line));
  if (broken.length > 0 || (code !== 0 && findings.length === 0))
    throw new SkerryError('SP_ESCROW_BROKEN', {
      data: { dir: gitDir, reason: broken.join('\n') || `git fsck ended with ${code}` },
    });
  return {
    objectsSha256: createHash('sha256').update(list).digest('hex'),
    objects: list.toString('latin1').split('\n').length - 1,
    findings: {
      count: findings.length,
      sha256: createHash('sha256').update(findings.join('\n')).digest('hex'),
      first: findings.slice(0, 20),
    },
  };
}

/** Such as `error in commit 12ab: missingSpaceBeforeDate: …`: badly written, but whole. */
const FINDING = /^(error|warning) in (commit|tree|tag|blob) [0-9a-f]{40,64}: /;
