// What `hack` does, from its start to its end: one attempt after the other. What is saved meanwhile is the next, and breaks
// off the one under way where daemons are made of it.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { LabSpec } from '../lab-file/spec.ts';
import type { DaemonSpec, TreeSpec } from '../lab-file/spec-sync.ts';
import { toText } from '../sync/paths.ts';
import { labPaths } from '../util/paths.ts';
import { type DaemonResult, restartDaemons, startDaemons } from './daemons.ts';
import { runBuilds } from './hack-build.ts';
import type { HackEvent, HackOutcome } from './hack-event.ts';
import { DaemonFiles } from './hack-files.ts';
import { type Change, HackQueue } from './hack-queue.ts';
import { HackTrees } from './hack-trees.ts';
import { keepOthers, type KeptTree, sharesReady } from './keep-others.ts';
import { keptTrees, pushedTrees } from './live-control.ts';
import type { LiveEvent, LiveStatus } from './live-protocol.ts';
import type { LiveTrees } from './live-server.ts';

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
  #others: readonly KeptTree[] = [];
  /** Daemons whose first build has failed: each attempt builds them, until that goes well. */
  #unbuilt: readonly DaemonSpec[] = [];
  /** Machines that came while something else was done. */
  readonly #arrived = new Set<string>();
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
    this.#queue = new HackQueue((path) => this.#files.isWatched(path));
    this.#trees = new HackTrees(lab, {
      ...{ signal, onLive, onNote: (text) => this.#note(text) },
      onSaved: (tree, paths) => this.#saved(tree, paths),
      onMachine: (machine, isThere, reason) => {
        this.#tell({ kind: 'machine', machine, isThere, reason });
        if (isThere) this.#arrived.add(machine);
        this.#wake();
      },
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
    }
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
    if (this.#isBusy || this.#hasWork())
      await new Promise<void>((resolve) => this.#idle.push(resolve));
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
    if (!(await this.#build(this.#daemons, signal)))
      this.#unbuilt = this.#daemons.filter(({ build }) => build);
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
      const isDone = arrived.length === 0 || (await this.#start(arrived));
      const change = this.#queue.take();
      if (change) await this.#try(change);
      // The news that broke it off went first.
      if (!isDone) for (const machine of arrived) this.#arrived.add(machine);
    }
  }

  #saved(tree: TreeSpec, paths: readonly string[]): void {
    const names = paths.map((path) => this.#files.nameOf(tree, path));
    if (this.#queue.saved(names, performance.now())) this.#attempt?.abort(NEWS);
    this.#wake();
  }

  /** Machines have come, or come back: they have all files, and their daemons start. False where that was broken off. */
  async #start(machines: readonly string[]): Promise<boolean> {
    if (this.#daemons.length === 0) return true;
    const began = performance.now();
    const names = this.#daemons.map(({ name }) => name);
    // What waits restarts those.
    const soon = new Set(this.#files.affectedBy(this.#queue.waiting));
    const filesOf = (daemon: DaemonSpec, machine: string): string[] => {
      const { name, build } = daemon;
      if (!names.includes(name) || soon.has(daemon) || this.#unbuilt.includes(daemon)) return [];
      const made = build ? this.#queue.made : new Set<string>();
      return this.#files.inMachine(daemon, machine, (tree) => this.#trees.filesOf(tree), made);
    };
    return this.#breakable(began, async (signal) => {
      const onResult = (result: DaemonResult): void =>
        this.#tell({ kind: 'daemon', result, isRollBack: false });
      const options = { daemons: names, machines, filesOf, signal, onResult };
      const results = await startDaemons(this.#lab, options);
      const isRight = this.#unbuilt.length === 0 && results.every(({ error }) => !error);
      return isRight ? 'started' : 'failed';
    });
  }

  async #try(change: Change): Promise<void> {
    const { paths, all, savedMs } = change;
    const again = all.filter((path) => !paths.includes(path));
    this.#tell({ kind: 'change', paths, again });
    const affected = this.#files.affectedBy(all);
    const daemons = this.#daemons.filter(
      (daemon) => affected.includes(daemon) || this.#unbuilt.includes(daemon),
    );
    await this.#breakable(savedMs, async (signal) => {
      if (!(await this.#build(daemons, signal))) return 'failed';
      // Saved while it was built.
      if (this.#queue.hasNews) throw NEWS;
      return this.#bring(daemons, signal);
    });
  }

  /** Sends what there is, and has the daemons run it. */
  async #bring(daemons: readonly DaemonSpec[], signal: AbortSignal): Promise<HackOutcome> {
    let isSent = true;
    try {
      const isWritten = await this.#push();
      signal.throwIfAborted();
      if (isWritten && (await this.#restart(daemons, false, signal))) {
        this.#queue.proven();
        if (!this.#trees.isAnyThere()) return 'waits';
        return daemons.length > 0 ? 'runs' : 'sent';
      }
      await this.#trees.rollBack();
      isSent = false;
      await this.#restart(daemons, true, signal);
      return 'rolled-back';
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
    this.#tell({ kind: 'end', outcome, durationMs, away: this.#trees.away() });
    return outcome !== 'broken-off';
  }

  #isBrokenOff(signal: AbortSignal): boolean {
    return signal.aborted && !this.#options.signal.aborted;
  }

  /** False where one failed: nothing is sent then. */
  async #build(daemons: readonly DaemonSpec[], signal: AbortSignal): Promise<boolean> {
    const builders = new Set(daemons.flatMap(({ build }) => build?.on ?? []));
    if (!daemons.some(({ build }) => build)) return true;
    this.#queue.buildBegins();
    let isWhole = false;
    try {
      const results = await runBuilds(this.#lab, daemons, {
        signal,
        prepare: (machine) => this.#trees.prepare(machine),
        onResult: (result) => this.#tell({ kind: 'build', ...result }),
      });
      isWhole = true;
      const isRight = results.every(({ error }) => error === undefined);
      if (isRight) this.#unbuilt = this.#unbuilt.filter((daemon) => !daemons.includes(daemon));
      return isRight;
    } finally {
      // What a builder got for it is no more than a trial, either.
      await this.#trees.rollBack([...builders]);
      // What was built is in the trees: it is seen now, and not taken for something that was saved later.
      await this.#trees.look();
      if (isWhole) await this.#buildEnded();
      else this.#queue.buildBroke();
    }
  }

  async #buildEnded(): Promise<void> {
    const sums = new Map<string, string>();
    for (const path of this.#queue.written)
      sums.set(path, await sumOf(resolve(this.#lab.dir, path)));
    for (const path of this.#queue.buildEnds(sums, performance.now()))
      this.#note(`${path} changes with each build, and is not built again for that`);
  }

  /** False where a machine that is there would not take all of it. */
  async #push(): Promise<boolean> {
    let isWritten = true;
    for (const { machine, result, error } of await this.#trees.push()) {
      const refused = result?.refused.map(({ path, reason }) => `${toText(path)}: ${reason}`) ?? [];
      const reason = error?.message ?? (refused.length > 0 ? refused.join(', ') : undefined);
      const changes = result?.steps.length ?? 0;
      const bytes = result?.bytes ?? 0;
      const trouble = reason === undefined ? {} : { error: reason };
      this.#tell({ kind: 'push', machine, changes, bytes, ...trouble });
      // One that went away meanwhile gets it when it comes back.
      if (refused.length > 0 || (error && !this.#trees.away().includes(machine))) isWritten = false;
    }
    return isWritten;
  }

  async #restart(
    daemons: readonly DaemonSpec[],
    isRollBack: boolean,
    signal: AbortSignal,
  ): Promise<boolean> {
    if (daemons.length === 0) return true;
    const away = this.#trees.away();
    const machines = this.#lab.machines
      .map(({ name }) => name)
      .filter((name) => !away.includes(name));
    const results = await restartDaemons(this.#lab, {
      ...{ daemons: daemons.map(({ name }) => name), machines, signal },
      onResult: (result) => this.#tell({ kind: 'daemon', result, isRollBack }),
    });
    return results.every(({ error }) => !error);
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

async function sumOf(path: string): Promise<string> {
  try {
    return createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
  } catch {
    return 'gone';
  }
}
