// What `hack` does, from its start to its end: one attempt after the other. What is saved meanwhile is the next, and breaks
// off the one under way where daemons are made of it.
import { join, relative } from 'node:path';
import type { LabSpec } from '../lab-file/spec.ts';
import type { DaemonSpec, TreeSpec } from '../lab-file/spec-sync.ts';
import { labPaths } from '../util/paths.ts';
import type { HackEvent, HackOutcome, HeldFiles } from './hack-event.ts';
import { DaemonFiles } from './hack-files.ts';
import { type Change, HackQueue } from './hack-queue.ts';
import { HackSteps } from './hack-steps.ts';
import { HackTrees } from './hack-trees.ts';
import { endOthers, keepOthers, type KeptTree, sharesReady } from './keep-others.ts';
import { keptTrees, pushedTrees } from './live-control.ts';
import type { LiveEvent, LiveStatus } from './live-protocol.ts';
import type { LiveTrees } from './live-server.ts';
import { unmatchedText } from './unmatched-watch.ts';

export interface HackSessionOptions {
  /** Names of daemons. */
  readonly daemons: readonly string[];
  readonly signal: AbortSignal;
  readonly onEvent: (event: HackEvent) => void;
  /** For those who watch the trees. */
  readonly onLive: (event: LiveEvent) => void;
  /** Somebody else is to keep the trees. */
  readonly onStop: () => void;
}

/** An attempt was broken off. */
const NEWS = new Error('something newer was saved');

export class HackSession implements LiveTrees {
  readonly #lab: LabSpec;
  readonly #options: HackSessionOptions;
  readonly #daemons: readonly DaemonSpec[];
  readonly #files: DaemonFiles;
  readonly #queue: HackQueue;
  readonly #trees: HackTrees;
  readonly #steps: HackSteps;
  #others: readonly KeptTree[] = [];
  /** What was not there any more when it was seen last. */
  readonly #removed = new Set<string>();
  /** Machines that came while something else was done. */
  readonly #arrived = new Set<string>();
  /** Names of large files that go by themselves. */
  readonly #apart = new Set<string>();
  /** Breaks off what is under way. */
  #attempt: AbortController | undefined;
  #isBusy = true;
  #idle: (() => void)[] = [];
  #wake = (): void => {};

  constructor(lab: LabSpec, options: HackSessionOptions) {
    this.#lab = lab;
    this.#options = options;
    const { signal, onLive } = options;
    this.#daemons = lab.daemons.filter(({ name }) => options.daemons.includes(name));
    this.#files = new DaemonFiles(lab.dir, this.#daemons, pushedTrees(lab));
    const isBuilt = this.#daemons.some(({ build }) => build !== undefined);
    const isWatched = (name: string): boolean => this.#files.isWatched(name);
    this.#queue = new HackQueue(isWatched, (name) => this.#apart.has(name));
    this.#trees = new HackTrees(lab, {
      ...{ signal, onLive, onNote: (text) => this.#note(text) },
      onSaved: (tree, paths) => this.#saved(tree, paths),
      isApart: (tree, path) => {
        const name = this.#files.nameOf(tree, path);
        return !isWatched(name) && (!isBuilt || this.#queue.isByHand(name));
      },
      onSending: (machine, path, bytes, bytesOf) =>
        this.#tell({ kind: 'sending', machine, path, bytes, of: bytesOf }),
      onMachine: (machine, isThere, reason) =>
        this.#tell({ kind: 'machine', machine, isThere, reason }),
      onArrived: (machine) => {
        this.#arrived.add(machine);
        this.#wake();
      },
    });
    this.#steps = new HackSteps({
      ...{
        lab,
        daemons: this.#daemons,
        files: this.#files,
        queue: this.#queue,
        trees: this.#trees,
      },
      tell: (event) => this.#tell(event),
    });
    signal.addEventListener('abort', () => this.#wake());
  }

  /** Goes on until the signal fires. */
  async run(): Promise<void> {
    const { signal } = this.#options;
    try {
      await this.#run();
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      await this.settle();
    }
  }

  async settle(): Promise<void> {
    await endOthers(this.#others);
  }

  /** Paths that were saved and were not seen to run: relative to the lab file. */
  get unproven(): string[] {
    return this.#queue.unproven;
  }

  status(): LiveStatus {
    const machines = this.#trees.states();
    const others = this.#others.map(({ state }) => state);
    return { pid: process.pid, isHack: true, trees: keptTrees(this.#lab), machines, others };
  }

  stop(): void {
    this.#options.onStop();
  }

  wake(): void {
    for (const one of [this.#trees, ...this.#others]) one.wake();
  }

  /** What was saved by now has gone its way. */
  async flush(): Promise<void> {
    await this.#trees.look();
    if (!this.#isBusy) await this.#trees.compare();
    if (this.#isBusy || this.#hasWork())
      await new Promise<void>((resolve) => this.#idle.push(resolve));
    await this.#trees.whole();
  }

  async whenReady(machine: string): Promise<void> {
    await this.#trees.whenReady(machine);
    await sharesReady(this.#others, machine);
  }

  async #run(): Promise<void> {
    const { signal, onLive } = this.#options;
    const { gatewaySocket, dir: stateDir } = labPaths(this.#lab);
    this.#others = keepOthers(keptTrees(this.#lab), {
      ...{ gatewaySocket, stateDir, signal, onEvent: onLive, onNote: (text) => this.#note(text) },
    });
    // What is saved from here on waits until all is there, and is then tried as any other.
    await this.#trees.watch();
    await this.#steps.buildFirst(signal);
    for (const one of this.#steps.unmatched()) this.#note(unmatchedText(one));
    // It fails before the signal fires only where the host's folder cannot be read.
    const failed = this.#trees.keep().then(() => new Promise<never>(() => {}));
    failed.catch(() => {});
    await Promise.race([this.#trees.firstLook(), failed]);
    while (!signal.aborted) {
      this.#rest();
      await Promise.race([this.#work(), failed]);
      if (signal.aborted) return;
      this.#isBusy = true;
      const arrived = [...this.#arrived];
      this.#arrived.clear();
      const isDone =
        this.#daemons.length === 0 || arrived.length === 0 || (await this.#start(arrived));
      const change = this.#queue.take();
      if (change) await this.#try(change);
      // The news that broke it off went first.
      if (!isDone) for (const machine of arrived) this.#arrived.add(machine);
    }
  }

  #saved(tree: TreeSpec, paths: readonly string[]): void {
    const names = paths.map((path) => {
      const name = this.#files.nameOf(tree, path);
      if (this.#trees.has(tree, path)) this.#removed.delete(name);
      else this.#removed.add(name);
      return name;
    });
    if (this.#queue.saved(names, performance.now())) this.#attempt?.abort(NEWS);
    for (const path of paths) {
      const name = this.#files.nameOf(tree, path);
      if (this.#trees.isApart(tree, path)) this.#apart.add(name);
      else this.#apart.delete(name);
    }
    this.#wake();
  }

  /** False where it was broken off. */
  #start(machines: readonly string[]): Promise<boolean> {
    const others = new Set(pushedTrees(this.#lab).flatMap(({ on }) => on));
    for (const machine of [...machines, ...this.#trees.away()]) others.delete(machine);
    return this.#breakable(
      performance.now(),
      async (signal) => ((await this.#steps.start(machines, signal)) ? 'started' : 'failed'),
      others.size > 0 ? { came: machines } : {},
    );
  }

  async #try(change: Change): Promise<void> {
    const { paths, all, savedMs } = change;
    const again = all.filter((path) => !paths.includes(path));
    const removed = [...paths, ...again].filter((path) => this.#removed.has(path));
    this.#tell({ kind: 'change', paths, removed, again, failed: this.#queue.failed });
    const daemons = this.#steps.concernedBy(all);
    await this.#breakable(savedMs, async (signal) => {
      if (!(await this.#steps.build(daemons, signal))) {
        this.#queue.disproven();
        return 'failed';
      }
      // Saved while it was built.
      if (this.#queue.hasNews) throw NEWS;
      return this.#bring(daemons, signal);
    });
  }

  /** Sends what there is, and has the daemons run it. */
  async #bring(daemons: readonly DaemonSpec[], signal: AbortSignal): Promise<HackOutcome> {
    let isSent = true;
    try {
      const isWritten = await this.#steps.push(signal);
      signal.throwIfAborted();
      if (isWritten && (await this.#steps.restart(daemons, false, signal))) {
        this.#queue.proven();
        if (!this.#trees.isAnyThere()) return 'waits';
        const away = this.#trees.away();
        const isThere = daemons.some(({ on }) => on.some((machine) => !away.includes(machine)));
        if (daemons.length > 0) return isThere ? 'runs' : 'waits';
        return this.#trees.isSending ? 'on-its-way' : 'sent';
      }
      this.#queue.disproven();
      await this.#trees.rollBack();
      isSent = false;
      return (await this.#steps.restart(daemons, true, signal)) ? 'rolled-back' : 'failed';
    } catch (error) {
      // The next attempt goes back to what ran last, if it has to.
      if (isSent && this.#isBrokenOff(signal)) await this.#trees.rollBack();
      throw error;
    }
  }

  /** Does something that news break off, and tells how it ended. False where it was broken off. */
  async #breakable(
    began: number,
    work: (signal: AbortSignal) => Promise<HackOutcome>,
    more: { readonly came?: readonly string[] } = {},
  ): Promise<boolean> {
    const attempt = new AbortController();
    this.#attempt = attempt;
    const signal = AbortSignal.any([this.#options.signal, attempt.signal]);
    let outcome: HackOutcome = 'broken-off';
    try {
      outcome = await work(signal);
    } catch (error) {
      if (error !== NEWS && !this.#isBrokenOff(signal)) throw error;
    } finally {
      this.#attempt = undefined;
    }
    const durationMs = Math.round(performance.now() - began);
    const [away, held] = [this.#trees.away(), this.#held()];
    this.#tell({ kind: 'end', outcome, durationMs, away, held, ...more });
    return outcome !== 'broken-off';
  }

  /** What was tried and waits for a mend; what was just saved is no part of it. */
  #held(): HeldFiles[] {
    const { unproven, waiting } = this.#queue;
    const held = new Map<string, string[]>();
    for (const { from, machine, held: paths = [] } of this.#trees.states())
      for (const path of paths) {
        const name = join(relative(this.#lab.dir, from), path);
        if (unproven.includes(name) && !waiting.includes(name))
          held.set(machine, [...(held.get(machine) ?? []), name]);
      }
    return [...held].map(([machine, paths]) => ({ machine, paths }));
  }

  #isBrokenOff(signal: AbortSignal): boolean {
    return signal.aborted && !this.#options.signal.aborted;
  }

  #hasWork(): boolean {
    return this.#queue.waiting.length > 0 || this.#arrived.size > 0;
  }

  #rest(): void {
    if (this.#hasWork()) return;
    this.#isBusy = false;
    for (const done of this.#idle.splice(0)) done();
  }

  /** Resolves when there is something to do, or all ends. */
  async #work(): Promise<void> {
    if (this.#hasWork() || this.#options.signal.aborted) return;
    await new Promise<void>((done) => (this.#wake = done));
  }

  #note(text: string): void {
    this.#tell({ kind: 'note', text });
  }

  #tell(event: HackEvent): void {
    this.#options.onEvent(event);
  }
}
