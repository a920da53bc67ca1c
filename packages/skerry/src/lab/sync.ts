// `skerry sync`: the trees of a lab in its machines, once.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { sandboxStatus } from '../sandbox/gateway.ts';
import { nobodyListens } from '../util/nobody-listens.ts';
import type { HostTree } from '../sync/host-tree.ts';
import { toBytes, toText } from '../sync/paths.ts';
import { isFile, isFolder } from '../sync/stamp.ts';
import type { Sending } from '../sync/tally.ts';
import type { LabSpec } from '../lab-file/spec.ts';
import type { TreeSpec } from '../lab-file/spec-sync.ts';
import { SkerryError } from '../util/errors.ts';
import { lockFile } from '../util/file-lock.ts';
import { labPaths } from '../util/paths.ts';
import { pushedTrees } from './live-control.ts';
import type { TreePlace } from './live-protocol.ts';
import { whenReachable } from './reach.ts';
import { Progress } from './progress.ts';
import { tellSending } from './tell-sending.ts';
import { treeError, TreeSync } from './tree-sync.ts';
import { labOff } from './lab-off.ts';

export interface SyncOptions {
  /** Names of machines; others are left alone. */
  readonly machines: readonly string[];
  /** Somebody keeps these up to date already: they are left alone. */
  readonly kept?: readonly TreeSpec[];
  readonly signal: AbortSignal;
  /** Told what is on its way. */
  readonly progress?: Progress | undefined;
}

/** A tree in one machine, after it was made equal. */
export interface SyncResult extends TreePlace {
  readonly changes: number;
  readonly bytes: number;
  readonly durationMs: number;
  readonly refused: readonly { readonly path: string; readonly reason: string }[];
  /** Why nothing was removed here, although nothing is there any more. */
  readonly problem?: string;
  readonly error?: SkerryError;
}

/** A tree in one machine, compared by content. */
export interface CheckResult extends TreePlace {
  readonly files: number;
  /** SHA-256 over all paths, what they are, and their content: equal trees have the same. */
  readonly hash: { readonly host: string; readonly machine: string };
  readonly different: readonly string[];
  /** In the machine only: nobody removes those. */
  readonly extra: readonly string[];
  readonly error?: SkerryError;
}

/** As long as a large tree may take. */
const LOCK_MS = 15 * 60_000;

/** Makes trees equal; one that fails does not stop the others. LAB_OFF where nothing runs. */
export async function syncLab(lab: LabSpec, options: SyncOptions): Promise<SyncResult[]> {
  const { gatewaySocket, syncLock } = labPaths(lab);
  if (notKept(lab, options).length === 0) return [];
  if (!(await sandboxStatus(gatewaySocket))) throw labOff(lab);
  const { signal, progress } = options;
  await using _lock = await lockFile(syncLock, {
    ...{ holder: `skerry sync (process ${process.pid})`, timeoutMs: LOCK_MS, signal },
    onWait: (holder) => progress?.say('lock', undefined, `waiting for ${holder}`),
  });
  return await forEach(lab, options, async (sync, machine) => {
    const { steps, bytes, durationMs, refused } = await sync.once(machine);
    const words = refused.map(({ path, reason }) => ({ path: toText(path), reason }));
    return { changes: steps.length, bytes, durationMs, refused: words };
  });
}

/** Compares trees by content. */
export async function checkLab(lab: LabSpec, options: SyncOptions): Promise<CheckResult[]> {
  return forEach(lab, options, (sync, machine) => compare(sync, machine));
}

async function compare(
  sync: TreeSync,
  machine: string,
): Promise<Omit<CheckResult, keyof TreePlace>> {
  return await compareWith(sync.host, await sync.check(machine));
}

/** What differs by content. What cannot be read here does, for all that is known. */
export async function compareWith(
  host: HostTree,
  { sums, stamps }: Awaited<ReturnType<TreeSync['check']>>,
): Promise<Omit<CheckResult, keyof TreePlace>> {
  const [ours, theirs] = [createHash('sha256'), createHash('sha256')];
  const different: string[] = [];
  let files = 0;
  for (const [path, { stamp }] of [...host.entries].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const there = stamps.get(path) ?? 'nothing';
    const [here, elsewhere] = isFile(stamp)
      ? [
          `${modeOf(stamp)} ${await sha256Of(toBytes(host.root, path))}`,
          `${modeOf(there)} ${sums.get(path)}`,
        ]
      : [stamp, there];
    if (isFile(stamp)) files++;
    if (here !== elsewhere) different.push(toText(path));
    ours.update(`${path}\0${here}\0`);
    theirs.update(`${path}\0${elsewhere}\0`);
  }
  const known = new Set(different);
  for (const path of host.unreadable.keys()) {
    if (!known.has(toText(path))) different.push(toText(path));
    ours.update(`${path}\0unreadable\0`);
  }
  const extra = [...stamps.keys()].filter(
    (path) =>
      !host.entries.has(path) &&
      !host.isUnknown(path) &&
      !host.isIgnored(path, isFolder(stamps.get(path))),
  );
  const hash = { host: ours.digest('hex'), machine: theirs.digest('hex') };
  return { files, hash, different, extra: extra.map(toText).sort() };
}

async function forEach<T extends object>(
  lab: LabSpec,
  options: SyncOptions,
  work: (sync: TreeSync, machine: string) => Promise<T>,
): Promise<(T & TreePlace)[]> {
  const { gatewaySocket } = labPaths(lab);
  const { machines, signal, progress = new Progress() } = options;
  const each = notKept(lab, options).flatMap((tree) => {
    const sync = new TreeSync({ tree, gatewaySocket, signal });
    return tree.on
      .filter((machine) => machines.includes(machine))
      .map(async (machine) => {
        const place = { mode: tree.mode, from: tree.from, to: tree.to, machine };
        try {
          const result = await tellSending({ progress, ask: () => stateOf(sync, place) }, () =>
            whenReachable(lab, machine, signal, () => work(sync, machine)),
          );
          return { ...place, ...result };
        } catch (error) {
          signal.throwIfAborted();
          if (nobodyListens(error)) throw labOff(lab);
          return { ...place, error: treeError(tree, machine, error) } as never;
        }
      });
  });
  return Promise.all(each);
}

/** The trees that nobody brings by himself. */
function notKept(lab: LabSpec, { machines, kept = [] }: SyncOptions): TreeSpec[] {
  const isKept = ({ to }: TreeSpec): boolean =>
    kept.some((tree) => tree.mode === 'push' && tree.to === to);
  return pushedTrees(lab).filter(
    (tree) => !isKept(tree) && tree.on.some((machine) => machines.includes(machine)),
  );
}

async function stateOf(
  sync: TreeSync,
  place: TreePlace,
): Promise<(TreePlace & { sending?: Sending })[]> {
  const sending = sync.sendingOf(place.machine);
  return [{ ...place, ...(sending && { sending }) }];
}

function modeOf(stamp: string): string {
  return stamp.slice(0, Math.max(0, stamp.indexOf(' ')));
}

async function sha256Of(path: Buffer): Promise<string> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(path), hash);
  } catch {
    return 'unreadable';
  }
  return hash.digest('hex');
}
