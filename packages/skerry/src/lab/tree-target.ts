// One machine that has a tree kept up to date: changes go there as they are made, and it catches up after it was away.
import { lossOf } from '../sandbox/gateway.ts';
import { nobodyListens } from '../util/nobody-listens.ts';
import type { Entry } from '../sync/host-tree.ts';
import {
  EmptyTree,
  type MachineTree,
  type MachineTreeOptions,
  type PushResult,
} from '../sync/machine-tree.ts';
import { toText } from '../sync/paths.ts';
import type { Sending } from '../sync/tally.ts';
import { SkerryError } from '../util/errors.ts';
import type { HeldPush, TreeSyncOptions } from './tree-sync.ts';

const RETRY_MS = { first: 250, most: 5000 };
/** What could not be written is tried again: a full disk may have room by then. */
const REFUSED_MS = 5000;

export interface TargetOptions extends TreeSyncOptions {
  readonly machine: string;
  readonly connectable: (onLarge: MachineTreeOptions['onLarge']) => MachineTree;
  readonly onArrival: () => void;
}

/** One machine that is kept up to date. */
export class Target {
  readonly machine: string;
  readonly #options: TargetOptions;
  readonly #tree: MachineTree;
  #todo = new Map<string, Entry | undefined>();
  #wake = (): void => {};
  #flushed: (() => void)[] = [];
  /** Somebody may have changed files in the machine. */
  #isDoubtful = false;
  /** Resolves when it is known whether the machine is there. */
  readonly #tried = Promise.withResolvers<void>();
  reason = 'not yet there';
  /** What was there when it connected is not all sent yet. */
  isFirst = true;

  constructor(options: TargetOptions) {
    this.machine = options.machine;
    this.#options = options;
    this.#tree = options.connectable((result, durationMs) => {
      if (options.onHeld) options.onApart?.(options.machine, result);
      else if (!this.isFirst) this.#tell(result, durationMs);
      // What was refused is tried again.
      this.#wake();
    });
  }

  /** What is wrong with the host's folder. */
  problem: string | undefined;

  /** For who watches. */
  tellProblem(reason: string | undefined): void {
    const { tree, onEvent } = this.#options;
    if (reason !== undefined) onEvent?.({ kind: 'lost', tree, machine: this.machine, reason });
  }

  get sending(): Sending | undefined {
    return this.#tree.sending;
  }

  get lacking(): ReadonlyMap<string, string> {
    return this.#tree.lacking;
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

  /** Paths that somebody changed in the machine, where all was there before. */
  compare(): Promise<string[]> {
    return this.isConnected && !this.isFirst ? this.#tree.compare() : Promise.resolve([]);
  }

  /** @param isDoubtful whether files may have been changed in the machine: those are sent again */
  async flush(before: ReadonlyMap<string, Entry | undefined>, isDoubtful: boolean): Promise<void> {
    await this.#tried.promise;
    if (!this.isConnected) return;
    this.#isDoubtful ||= isDoubtful;
    await new Promise<void>((resolve) => {
      this.#flushed.push(resolve);
      this.changed(before);
    });
    // Of a machine that goes meanwhile the state says so.
    await this.#tree.flush().catch(() => {});
  }

  /** @param signal ends it before all is sent */
  async pushHeld(signal?: AbortSignal): Promise<HeldPush> {
    const { machine } = this;
    const { isApart } = this.#options;
    const began = performance.now();
    const took = (): number => performance.now() - began;
    try {
      const result = await this.#tree.push(undefined, { canRollBack: true, isApart, signal });
      return { machine, durationMs: took(), result };
    } catch (cause) {
      const error = cause instanceof Error ? cause : new Error(String(cause));
      return { machine, durationMs: took(), error };
    }
  }

  /** Resolves when files that go by themselves are there too, or the machine is gone. */
  async whole(): Promise<void> {
    if (this.isConnected) await this.#tree.flush().catch(() => {});
  }

  rollBack(): ReturnType<MachineTree['rollBack']> {
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
        // Where it was not the machine that went.
        await this.#tree.close();
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
    this.isFirst = true;
    const began = performance.now();
    const first = await this.#tree.begin();
    this.reason = '';
    this.problem = undefined;
    void this.#first(first, began);
    for (let triedMs = began; ;) {
      if (lost) throw lost;
      const { canRollBack } = this.#tree;
      // What an attempt of hack has sent is not to be forgotten by that: the next one sends it again.
      const lacking = canRollBack ? new Map<string, string>() : this.#tree.lacking;
      const left = triedMs + REFUSED_MS - performance.now();
      if (this.#todo.size === 0 && this.#flushed.length === 0 && (lacking.size === 0 || left > 0)) {
        await this.#pause(lacking.size > 0 ? left : undefined);
        continue;
      }
      const before = this.#todo;
      this.#todo = new Map();
      const flushed = this.#flushed.splice(0);
      const isDoubtful = this.#isDoubtful;
      this.#isDoubtful = false;
      triedMs = performance.now();
      try {
        const others = isDoubtful ? await this.#tree.compare() : [];
        const paths = [...before.keys(), ...lacking.keys(), ...others];
        // An attempt may have begun by the time that it is this one's turn.
        const isRetry = this.#options.onHeld !== undefined;
        const result = await this.#tree.begin(paths, { before, isRetry });
        if (result.steps.length > 0) this.#tell(result, performance.now() - triedMs);
      } finally {
        for (const resolve of flushed) resolve();
      }
    }
  }

  /** It has all, large files too. */
  async #first(small: PushResult, began: number): Promise<void> {
    this.#tried.resolve();
    try {
      const { isApart } = this.#options;
      const large = await this.#tree.flush(isApart && ((path) => !isApart(path)));
      const steps = [...small.steps, ...large.steps];
      const bytes = small.bytes + large.bytes;
      const refused = [...small.refused, ...large.refused];
      this.isFirst = false;
      this.#tell({ steps, bytes, refused }, performance.now() - began);
      this.#options.onArrival();
    } catch {
      // The connection is lost, which is told elsewhere.
    }
  }

  #tell(result: PushResult, durationMs: number): void {
    const { tree, onEvent } = this.#options;
    onEvent?.({ kind: 'pushed', tree, machine: this.machine, durationMs, ...result });
  }

  #lost(error: unknown): void {
    const { tree, onEvent, signal } = this.#options;
    for (const resolve of this.#flushed.splice(0)) resolve();
    this.#todo.clear();
    this.problem = error instanceof EmptyTree ? error.message : undefined;
    this.#tried.resolve();
    if (signal.aborted) return;
    const reason = lossOf(error);
    if (reason !== this.reason) onEvent?.({ kind: 'lost', tree, machine: this.machine, reason });
    this.reason = reason;
    // What the agent itself says will not get better by waiting.
    if (!nobodyListens(error) && !(error instanceof SkerryError)) this.#options.onArrival();
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
