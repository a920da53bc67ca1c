// The trees of a lab as `hack` keeps them: each change is told, and sent when it is asked for.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LabSpec } from '../lab-file/spec.ts';
import type { TreeSpec } from '../lab-file/spec-sync.ts';
import { toText } from '../sync/paths.ts';
import type { PushResult } from '../sync/machine-tree.ts';
import { LARGE } from '../sync/send-file.ts';
import { isFile, isFolder, parseFileStamp } from '../sync/stamp.ts';
import { ownOutputs, realPathOf } from '../util/own-outputs.ts';
import { labPaths } from '../util/paths.ts';
import { IS_OFF, NO_ANSWER } from '../util/why-away.ts';
import { pushedTrees } from './live-control.ts';
import { type LiveEvent, liveEventOf, type TreeState } from './live-protocol.ts';
import { type HeldPush, type TreeEvent, TreeSync } from './tree-sync.ts';

export interface HackTreesOptions {
  readonly signal: AbortSignal;
  /** Something was saved: what it is called in its tree, as src/sync has paths. */
  readonly onSaved: (tree: TreeSpec, paths: readonly string[]) => void;
  /** A machine has all of a tree, for the first time or again. */
  readonly onArrived: (machine: string) => void;
  /** A machine has all of all its trees, or is away. */
  readonly onMachine: (machine: string, isThere: boolean, reason: string) => void;
  /** A large file that goes by itself: no daemon is made of it, and no attempt waits for it. */
  readonly isApart: (tree: TreeSpec, path: string) => boolean;
  /** How much of a file has gone; all of it: it is there. */
  readonly onSending: (machine: string, path: string, bytes: number, of: number) => void;
  readonly onNote: (text: string) => void;
  /** For those who watch. */
  readonly onLive: (event: LiveEvent) => void;
}

const FIRST_LOOK_MS = 3000;
const SENDING_MS = 500;

interface Kept {
  readonly sync: TreeSync;
  /** Its folder without links on the way. */
  readonly from: string;
}

export class HackTrees {
  readonly #options: HackTreesOptions;
  readonly #kept: readonly Kept[];
  /** What this process prints into is no change. */
  readonly #outputs = ownOutputs();
  #isKeeping = false;
  /** Trees in machines of which something is known. */
  readonly #heard = new Set<string>();
  /** Trees that machines have. */
  readonly #whole = new Set<string>();
  /** Whether machines were there, as it was told last: why not, or undefined. */
  readonly #told = new Map<string, string | undefined>();

  constructor(lab: LabSpec, options: HackTreesOptions) {
    this.#options = options;
    const { signal, onNote, onSaved, isApart } = options;
    const { gatewaySocket } = labPaths(lab);
    this.#kept = pushedTrees(lab).map((tree) => {
      const from = realPathOf(tree.from);
      const onHeld = (changed: readonly string[]): void => {
        const paths = changed.filter((path) => !this.#isOwn(from, toText(path)));
        if (paths.length > 0) onSaved(tree, paths);
      };
      const onEvent = (event: TreeEvent): void => this.#hear(event);
      return {
        from,
        sync: new TreeSync({
          ...{ tree, gatewaySocket, signal, onNote, onHeld, onEvent },
          isApart: (path) => isApart(tree, path),
          onApart: (machine, result) => this.#apart(tree, machine, result),
        }),
      };
    });
  }

  /** From now on each change is told; nothing is sent yet. @throws TREE_MISSING */
  async watch(): Promise<void> {
    await Promise.all(this.#kept.map(({ sync }) => sync.watch()));
  }

  /** Sends all there is to each machine that comes, until the signal fires. */
  async keep(): Promise<void> {
    this.#isKeeping = true;
    const timer = setInterval(() => this.#tellSending(), SENDING_MS);
    try {
      await Promise.all(this.#kept.map(({ sync }) => sync.keep()));
    } finally {
      clearInterval(timer);
    }
  }

  /** All that are there come at about the same time: this waits for them, and for others not long. */
  async firstLook(): Promise<void> {
    const end = performance.now() + FIRST_LOOK_MS;
    const all = this.#kept.flatMap(({ sync: { tree } }) =>
      tree.on.map((machine) => keyOf(tree, machine)),
    );
    while (
      !this.#options.signal.aborted &&
      performance.now() < end &&
      this.#heard.size < all.length
    )
      await sleep(10);
  }

  /** Sees what changed by now. */
  async look(): Promise<void> {
    for (const { sync } of this.#kept) await sync.look();
  }

  /** Sees what somebody changed in the machines. */
  async compare(): Promise<void> {
    await Promise.all(this.#kept.map(({ sync }) => sync.compare()));
  }

  /** Makes one machine equal, which is about to build: that may need any file. */
  async prepare(machine: string, signal: AbortSignal): Promise<void> {
    const here = this.#kept.filter(({ sync }) => sync.tree.on.includes(machine));
    const { promise: broken, reject } = Promise.withResolvers<never>();
    const onAbort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    const ready = Promise.allSettled(
      here.map(async ({ sync }) => {
        if (!this.#isKeeping) return sync.once(machine);
        await sync.pushHeld(signal, [machine]);
        return sync.whole([machine]);
      }),
    );
    try {
      signal.throwIfAborted();
      await Promise.race([ready, broken]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Makes all machines that are there equal; `rollBack` can undo it. Ends with the signal. */
  async push(signal: AbortSignal): Promise<(HeldPush & { readonly tree: TreeSpec })[]> {
    const pushed = await Promise.all(
      this.#kept.map(async ({ sync }) => {
        const results = await sync.pushHeld(signal);
        for (const { machine, durationMs, result } of results)
          if (result && result.steps.length > 0)
            this.#options.onLive(
              liveEventOf({ kind: 'pushed', tree: sync.tree, machine, durationMs, ...result }),
            );
        return results.map((result) => ({ ...result, tree: sync.tree }));
      }),
    );
    return pushed.flat();
  }

  /** Undoes the last push, in these machines; undefined: in all. */
  async rollBack(machines?: readonly string[]): Promise<void> {
    await Promise.all(this.#kept.map(({ sync }) => sync.rollBack(machines)));
    if (machines) return;
    for (const { mode, from, to, machine, held } of this.states())
      if (held) {
        const changes = held.map((path) => ({ kind: 'undo', path }));
        this.#options.onLive({ mode, from, to, machine, kind: 'rolled-back', changes });
      }
  }

  states(): TreeState[] {
    return this.#kept.flatMap(({ sync, from }) =>
      sync.states().map(({ held = [], ...state }) => {
        const others = held.filter((path) => !this.#isOwn(from, path));
        return others.length > 0 ? { ...state, held: others } : state;
      }),
    );
  }

  /** Machines that have a tree and are not connected. */
  away(): string[] {
    return [...new Set(this.#kept.flatMap(({ sync }) => sync.away))];
  }

  /** Whether any machine has its trees. */
  isAnyThere(): boolean {
    return this.#kept.some(({ sync }) => sync.away.length < sync.tree.on.length);
  }

  /** Resolves when files that go by themselves are there too. */
  async whole(): Promise<void> {
    await Promise.all(this.#kept.map(({ sync }) => sync.whole()));
  }

  /** Whether something is on its way. */
  get isSending(): boolean {
    return this.#kept.some(({ sync }) => sync.sendings.length > 0);
  }

  /** Whether a file is large, and goes by itself. */
  isApart(tree: TreeSpec, path: string): boolean {
    const stamp = this.#kept
      .find(({ sync }) => sync.tree === tree)
      ?.sync.host.entries.get(path)?.stamp;
    const isLarge = stamp !== undefined && isFile(stamp) && parseFileStamp(stamp).size > LARGE;
    return isLarge && this.#options.isApart(tree, path);
  }

  /** All files of a tree, without folders. */
  filesOf(tree: TreeSpec): string[] {
    const kept = this.#kept.find(({ sync }) => sync.tree === tree);
    return [...(kept?.sync.host.entries ?? [])].flatMap(([path, { stamp }]) =>
      isFolder(stamp) ? [] : path,
    );
  }

  /** Whether something is there on the host. */
  has(tree: TreeSpec, path: string): boolean {
    return this.#kept.some(({ sync }) => sync.tree === tree && sync.host.entries.has(path));
  }

  /** Machines are looked for at once. */
  wake(): void {
    for (const { sync } of this.#kept) sync.wake();
  }

  /** Resolves when that machine has all that is on the host; it is waited for. */
  async whenReady(machine: string): Promise<void> {
    await Promise.all(this.#kept.map(({ sync }) => sync.whenReady(machine)));
  }

  #isOwn(from: string, path: string): boolean {
    return this.#outputs.includes(join(from, path));
  }

  #tellSending(): void {
    for (const { machine, sending } of this.#kept.flatMap(({ sync }) => sync.sendings))
      if (sending.bytes < sending.of && sending.of > LARGE)
        this.#options.onSending(machine, sending.path, sending.bytes, sending.of);
  }

  #apart(tree: TreeSpec, machine: string, result: PushResult): void {
    const { onSending, onNote, onLive } = this.#options;
    const refused = new Set(result.refused.map(({ path }) => path));
    for (const { path } of result.steps)
      if (!refused.has(path)) onSending(machine, toText(path), result.bytes, result.bytes);
    for (const { path, reason } of result.refused) onNote(`${machine}: ${toText(path)}: ${reason}`);
    onLive(liveEventOf({ kind: 'pushed', tree, machine, durationMs: 0, ...result }));
  }

  #hear(event: TreeEvent): void {
    const { onArrived, onLive } = this.#options;
    const { tree, machine, kind } = event;
    const key = keyOf(tree, machine);
    this.#heard.add(key);
    if (kind === 'pushed') this.#whole.add(key);
    else this.#whole.delete(key);
    this.#tell(machine, kind === 'pushed' ? '' : event.reason);
    if (kind === 'pushed') onArrived(machine);
    onLive(liveEventOf(event));
  }

  /** Says once that a machine is there or away, and not why in ever new words, unless it is known by now. */
  #tell(machine: string, reason: string): void {
    const trees = this.#kept.map(({ sync }) => sync.tree).filter(({ on }) => on.includes(machine));
    const isThere = trees.every((tree) => this.#whole.has(keyOf(tree, machine)));
    const isOnItsWay = !isThere && reason === '';
    const why = isThere ? undefined : reason;
    const known = this.#told.get(machine);
    const isClear = why === IS_OFF || why === NO_ANSWER;
    const isNews = known === undefined || why === undefined || (isClear && why !== known);
    if (isOnItsWay || (this.#told.has(machine) && (known === why || !isNews))) return;
    this.#told.set(machine, why);
    const onItsWay = this.#kept
      .flatMap(({ sync }) => sync.sendings)
      .find((one) => one.machine === machine)?.sending.path;
    this.#options.onMachine(machine, isThere, isThere ? (onItsWay ?? '') : reason);
  }
}

function keyOf({ to }: TreeSpec, machine: string): string {
  return join(machine, to);
}
