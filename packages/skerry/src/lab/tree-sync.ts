// One tree of a lab in its machines. `once` makes all equal; `keep` goes on with that as long as it is not told to end:
// changes are sent as they are made, and a machine that was away catches up.
import { execInGuest } from '../guest/exec.ts';
import { isAbsent, openGuest } from '../sandbox/gateway.ts';
import type { StartProgram } from '../sync/agent.ts';
import { type Entry, HostTree } from '../sync/host-tree.ts';
import { MachineTree, type PushResult } from '../sync/machine-tree.ts';
import { toText } from '../sync/paths.ts';
import { TreeWatcher } from '../sync/watch-tree.ts';
import type { TreeSpec } from '../lab-file/spec-sync.ts';
import { SkerryError } from '../util/errors.ts';
import type { TreeState } from './live-protocol.ts';
import { treeName } from './tree-name.ts';

/** What became of a tree in one machine. */
export type TreeEvent = {
  readonly tree: TreeSpec;
  readonly machine: string;
} & (
  | ({ readonly kind: 'pushed'; readonly durationMs: number } & PushResult)
  | { readonly kind: 'lost'; readonly reason: string }
);

export interface TreeSyncOptions {
  readonly tree: TreeSpec;
  readonly gatewaySocket: string;
  readonly signal: AbortSignal;
  readonly onEvent?: ((event: TreeEvent) => void) | undefined;
  /** Something about the host's side, for people. */
  readonly onNote?: ((text: string) => void) | undefined;
  /** Changes are told here and not sent: `pushHeld` does that. */
  readonly onHeld?: ((paths: readonly string[]) => void) | undefined;
}

/** What became of a push to one machine that was asked for. */
export interface HeldPush {
  readonly machine: string;
  readonly durationMs: number;
  readonly result?: PushResult;
  readonly error?: Error;
}

const CONNECT_MS = 15_000;
const RETRY_MS = { first: 250, most: 5000 };
/** What could not be written is tried again: a full disk may have room by then. */
const REFUSED_MS = 5000;

export class TreeSync {
  readonly #options: TreeSyncOptions;
  readonly #host: HostTree;
  #watcher: TreeWatcher | undefined;
  #scanned: Promise<unknown> | undefined;
  readonly #targets = new Map<string, Target>();
  /** Resolves when it is known which machines there are, or that nothing can be sent. */
  readonly #begun = Promise.withResolvers<void>();
  /** Why nothing can be sent at all. */
  #problem: string | undefined;
  #waiting: { readonly machine: string; readonly resolve: () => void }[] = [];

  constructor(options: TreeSyncOptions) {
    const { from, exclude } = options.tree;
    this.#options = options;
    this.#host = new HostTree({
      root: from,
      exclude,
      onFolder: (path) => this.#watcher?.add(path),
      onFolderGone: (path) => this.#watcher?.remove(path),
    });
  }

  get tree(): TreeSpec {
    return this.#options.tree;
  }

  get host(): HostTree {
    return this.#host;
  }

  /** Reads the host's folder, the first time it is asked. @throws TREE_MISSING */
  scan(): Promise<unknown> {
    return (this.#scanned ??= this.#host.scan().catch((cause: unknown) => {
      const { from } = this.tree;
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new SkerryError('TREE_MISSING', { data: { from, reason }, cause });
    }));
  }

  /** Makes the tree in one machine equal to the host's. */
  async once(machine: string): Promise<PushResult & { readonly durationMs: number }> {
    const began = performance.now();
    const { target, ended } = await this.#connect(machine);
    try {
      await this.scan();
      const result = await target.push();
      return { ...result, durationMs: Math.round(performance.now() - began) };
    } finally {
      await target.close();
      await ended;
    }
  }

  /** What differs in a machine by content, and what is there besides. */
  async check(machine: string): Promise<Awaited<ReturnType<MachineTree['look']>>> {
    const { target, ended } = await this.#connect(machine, true);
    try {
      await this.scan();
      return await target.look();
    } finally {
      await target.close();
      await ended;
    }
  }

  /** Looks at the whole folder again, and tells what has changed. */
  async look(): Promise<void> {
    await this.scan();
    const before = await this.#host.scan();
    if (before.size > 0) this.#options.onHeld?.([...before.keys()]);
  }

  /** From now on each change is seen, also before `keep`, which ends that. @throws TREE_MISSING */
  async watch(): Promise<void> {
    const { onNote } = this.#options;
    this.#watcher ??= new TreeWatcher({
      root: this.#host.root,
      onChange: (folders) => void this.#changed(folders),
      onLimit: (reason) =>
        onNote?.(
          `${this.tree.from}: not all folders can be watched (${reason}): see fs.inotify.max_user_watches`,
        ),
    });
    await this.scan();
  }

  /** Goes on until the signal fires. */
  async keep(): Promise<void> {
    const { signal } = this.#options;
    try {
      await this.watch().catch((error: unknown) => {
        this.#problem = error instanceof Error ? error.message : String(error);
        for (const machine of this.tree.on) this.#arrived(machine);
        this.#begun.resolve();
        throw error;
      });
      const targets = this.tree.on.map(
        (machine) =>
          new Target(machine, this.#options, this.#connectable(machine), () =>
            this.#arrived(machine),
          ),
      );
      for (const target of targets) this.#targets.set(target.machine, target);
      this.#begun.resolve();
      await Promise.all(targets.map((target) => target.keep()));
    } finally {
      this.#watcher?.close();
      this.#watcher = undefined;
      this.#targets.clear();
    }
    signal.throwIfAborted();
  }

  /** Looks at the whole folder again, and resolves when the machines that are there have all of it. */
  async flush(): Promise<void> {
    await this.#begun.promise;
    if (this.#problem !== undefined) return;
    const before = await this.#host.scan();
    await Promise.all([...this.#targets.values()].map((target) => target.flush(before)));
  }

  /** Resolves when that machine has all that is on the host now; it is waited for. */
  async whenReady(machine: string): Promise<void> {
    const target = this.#targets.get(machine);
    if (this.#problem !== undefined || !this.tree.on.includes(machine)) return;
    if (target?.isConnected && !target.isFirst) {
      if (!this.#options.onHeld) await this.flush();
    } else await new Promise<void>((resolve) => this.#waiting.push({ machine, resolve }));
  }

  /** Makes those machines that are there equal to the host, as it was last looked at; undefined: all of them. */
  pushHeld(canRollBack: boolean, machines?: readonly string[]): Promise<HeldPush[]> {
    const targets = [...this.#targets.values()].filter(
      ({ machine, isConnected }) => isConnected && (machines?.includes(machine) ?? true),
    );
    return Promise.all(targets.map((target) => target.pushHeld(canRollBack)));
  }

  /** Undoes the last `pushHeld`, in those machines that are still there; undefined: in all of them. */
  async rollBack(machines?: readonly string[]): Promise<void> {
    const targets = [...this.#targets.values()].filter(
      ({ machine }) => machines?.includes(machine) ?? true,
    );
    await Promise.allSettled(targets.map((target) => target.rollBack()));
  }

  /** Which machines have the tree, and since when others have not. */
  states(): TreeState[] {
    const { mode, from, to, on } = this.tree;
    if (this.#problem !== undefined) {
      const state = { connected: false, reason: this.#problem, refused: 0 };
      return on.map((machine) => ({ mode, from, to, machine, ...state }));
    }
    return [...this.#targets.values()].map(({ machine, isConnected, reason, refused, held }) => ({
      ...{ mode, from, to, machine, connected: isConnected, reason, refused },
      ...(held.length > 0 && { held }),
    }));
  }

  /** Machines that changes do not reach now. */
  get away(): string[] {
    return this.tree.on.filter((machine) => this.#targets.get(machine)?.isConnected !== true);
  }

  /** Those machines are looked for at once. */
  wake(): void {
    for (const target of this.#targets.values()) target.wake();
  }

  #arrived(machine: string): void {
    for (const one of this.#waiting) if (one.machine === machine) one.resolve();
    this.#waiting = this.#waiting.filter((one) => one.machine !== machine);
  }

  async #changed(folders: ReadonlySet<string> | undefined): Promise<void> {
    const before = await (folders ? this.#host.rescan(folders) : this.#host.scan()).catch(
      (error: unknown) => {
        this.#options.onNote?.(`${this.tree.from}: ${String(error)}`);
        return new Map<string, Entry | undefined>();
      },
    );
    if (before.size === 0) return;
    if (this.#options.onHeld) this.#options.onHeld([...before.keys()]);
    else for (const target of this.#targets.values()) target.changed(before);
  }

  async #connect(
    machine: string,
    isReadOnly = false,
  ): Promise<{ target: MachineTree; ended: Promise<Error> }> {
    // Both take their time; what is wrong with the host's folder is said by whoever waits for it.
    this.scan().catch(() => {});
    const target = this.#connectable(machine);
    return { target, ...(await target.connect(isReadOnly)) };
  }

  #connectable(machine: string): MachineTree {
    const { tree, signal, gatewaySocket } = this.#options;
    const start = guestProgram(gatewaySocket, machine);
    return new MachineTree({ host: this.#host, to: tree.to, owner: tree.owner, start, signal });
  }
}

/** Runs a program in a machine. */
export function guestProgram(gatewaySocket: string, machine: string): StartProgram {
  return async (command, io) => {
    const timeoutMs = CONNECT_MS;
    const channel = await openGuest(gatewaySocket, machine, { signal: io.signal, timeoutMs });
    return execInGuest(channel, command, io);
  };
}

/** What went wrong with a tree in one machine. */
export function treeError(tree: TreeSpec, machine: string, cause: unknown): SkerryError {
  if (cause instanceof SkerryError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  const name = treeName(tree, machine, process.cwd());
  return new SkerryError('SYNC_FAILED', { data: { machine, tree: name, reason }, cause });
}

/** One machine that is kept up to date. */
class Target {
  readonly machine: string;
  readonly #options: TreeSyncOptions;
  readonly #tree: MachineTree;
  #todo = new Map<string, Entry | undefined>();
  #wake = (): void => {};
  #flushed: (() => void)[] = [];
  readonly #onArrival: () => void;
  /** Resolves when it is known whether the machine is there. */
  readonly #tried = Promise.withResolvers<void>();
  reason = 'not yet there';
  refused = 0;
  /** What was there when it connected is not all sent yet. */
  isFirst = true;

  constructor(machine: string, options: TreeSyncOptions, tree: MachineTree, onArrival: () => void) {
    this.machine = machine;
    this.#options = options;
    this.#tree = tree;
    this.#onArrival = onArrival;
  }

  get isConnected(): boolean {
    return this.#tree.isConnected;
  }

  /** What waits for `pushHeld`. */
  get held(): string[] {
    const isHeld = this.#options.onHeld !== undefined && this.isConnected && !this.isFirst;
    return isHeld ? this.#tree.behind().map(toText) : [];
  }

  changed(before: ReadonlyMap<string, Entry | undefined>): void {
    for (const [path, old] of before) if (!this.#todo.has(path)) this.#todo.set(path, old);
    this.#wake();
  }

  wake(): void {
    this.#wake();
  }

  async flush(before: ReadonlyMap<string, Entry | undefined>): Promise<void> {
    await this.#tried.promise;
    if (!this.isConnected) return;
    await new Promise<void>((resolve) => {
      this.#flushed.push(resolve);
      this.changed(before);
    });
  }

  async pushHeld(canRollBack: boolean): Promise<HeldPush> {
    const { machine } = this;
    const began = performance.now();
    const took = (): number => performance.now() - began;
    try {
      const result = await this.#tree.push(undefined, { canRollBack });
      return { machine, durationMs: took(), result };
    } catch (cause) {
      const error = cause instanceof Error ? cause : new Error(String(cause));
      return { machine, durationMs: took(), error };
    }
  }

  rollBack(): Promise<void> {
    return this.#tree.rollBack();
  }

  async keep(): Promise<void> {
    const { signal } = this.#options;
    let delay = RETRY_MS.first;
    while (!signal.aborted) {
      try {
        const { ended } = await this.#tree.connect();
        delay = RETRY_MS.first;
        await this.#follow(ended);
      } catch (error) {
        this.#lost(error);
      }
      if (signal.aborted) return;
      await this.#pause(delay);
      delay = Math.min(delay * 2, RETRY_MS.most);
    }
  }

  /** While the machine is there. */
  async #follow(ended: Promise<Error>): Promise<void> {
    let lost: Error | undefined;
    void ended.then((error) => {
      lost = error;
      this.#wake();
    });
    let again = new Set<string>();
    this.isFirst = true;
    await this.#push(undefined);
    this.isFirst = false;
    this.#tried.resolve();
    this.#onArrival();
    for (;;) {
      if (lost) throw lost;
      if (this.#todo.size === 0 && this.#flushed.length === 0) {
        await this.#pause(again.size > 0 ? REFUSED_MS : undefined);
        if (this.#todo.size === 0 && again.size === 0) continue;
      }
      const before = this.#todo;
      this.#todo = new Map();
      const flushed = this.#flushed.splice(0);
      try {
        const result = await this.#push([...before.keys(), ...again], before);
        again = new Set(result.refused.map(({ path }) => path));
      } finally {
        for (const resolve of flushed) resolve();
      }
    }
  }

  async #push(
    paths: readonly string[] | undefined,
    before?: ReadonlyMap<string, Entry | undefined>,
  ): Promise<PushResult> {
    const { tree, onEvent } = this.#options;
    const began = performance.now();
    const result = await this.#tree.push(paths, before ? { before } : {});
    this.refused = result.refused.length;
    this.reason = '';
    const durationMs = performance.now() - began;
    if (result.steps.length > 0 || paths === undefined)
      onEvent?.({ kind: 'pushed', tree, machine: this.machine, durationMs, ...result });
    return result;
  }

  #lost(error: unknown): void {
    const { tree, onEvent, signal } = this.#options;
    for (const resolve of this.#flushed.splice(0)) resolve();
    this.#todo.clear();
    this.#tried.resolve();
    if (signal.aborted) return;
    const reason = isAbsent(error)
      ? 'the lab is off'
      : error instanceof Error
        ? error.message
        : String(error);
    if (reason !== this.reason) onEvent?.({ kind: 'lost', tree, machine: this.machine, reason });
    this.reason = reason;
    // What the agent itself says will not get better by waiting.
    if (!isAbsent(error) && !(error instanceof SkerryError)) this.#onArrival();
  }

  /** Until it is woken, or so many milliseconds. */
  async #pause(ms: number | undefined): Promise<void> {
    const { signal } = this.#options;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = ms === undefined ? undefined : setTimeout(resolve, ms);
    this.#wake = resolve;
    const abort = (): void => resolve();
    signal.addEventListener('abort', abort);
    await promise;
    signal.removeEventListener('abort', abort);
    clearTimeout(timer);
  }
}
