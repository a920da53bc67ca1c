// `skerry hack`: whatever is saved on the host is built, sent to the machines, and run there; what does not work is
// rolled back. One change after the other; what is saved meanwhile is the next.
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import ignore from 'ignore';
import type { LabSpec } from '../lab-file/spec.ts';
import type { DaemonSpec } from '../lab-file/spec-sync.ts';
import { fromText, toText } from '../sync/paths.ts';
import { ownOutputs, realPathOf } from '../util/own-outputs.ts';
import { labPaths } from '../util/paths.ts';
import { sandboxEnd, sandboxStatus } from '../sandbox/gateway.ts';
import { type DaemonResult, restartDaemons, startDaemons } from './daemons.ts';
import { type BuildResult, runBuilds } from './hack-build.ts';
import { labOff } from './lab-off.ts';
import { endLive, keepLive, keptTrees, pushedTrees } from './live-control.ts';
import { keepOthers, type KeptTree, sharesReady } from './keep-others.ts';
import type { LiveStatus } from './live-protocol.ts';
import { type LiveTrees, serveLive } from './live-server.ts';
import { type HeldPush, TreeSync } from './tree-sync.ts';

export interface HackOptions {
  /** Names of daemons. */
  readonly daemons: readonly string[];
  readonly signal: AbortSignal;
  readonly onEvent: (event: HackEvent) => void;
}

/**
 * `started`: daemons run, of machines that came. `sent`: a change is there, and no daemon is made of it. `runs`: daemons run
 * it. `failed`: they do not, or a build failed and nothing was sent. `rolled-back`: all is as it was before.
 */
export type HackOutcome = 'started' | 'sent' | 'runs' | 'failed' | 'rolled-back';

/** What happens, as it happens. */
export type HackEvent =
  /** A machine has all that is on the host, or is away. */
  | {
      readonly kind: 'machine';
      readonly machine: string;
      readonly isThere: boolean;
      readonly reason: string;
    }
  /** Something was saved: relative to the lab file. Empty at the start. */
  | { readonly kind: 'change'; readonly paths: readonly string[] }
  | ({ readonly kind: 'build' } & BuildResult)
  | {
      readonly kind: 'push';
      readonly machine: string;
      readonly changes: number;
      readonly bytes: number;
      readonly error?: string;
    }
  | { readonly kind: 'daemon'; readonly result: DaemonResult; readonly isRollBack: boolean }
  | { readonly kind: 'end'; readonly outcome: HackOutcome; readonly durationMs: number }
  | { readonly kind: 'note'; readonly text: string };

/**
 * Goes on until the signal fires. Changes of the lab's trees come to its machines as `sync` brings them, before and after.
 * @throws SYNC_NONE, LAB_OFF
 */
export async function hack(lab: LabSpec, options: HackOptions): Promise<void> {
  const paths = labPaths(lab);
  if (!(await sandboxStatus(paths.gatewaySocket))) throw labOff(lab);
  await endLive(paths);
  const ended = new AbortController();
  const signal = AbortSignal.any([options.signal, ended.signal]);
  const note = (text: string): void => options.onEvent({ kind: 'note', text });
  const end = (text: string): void => {
    if (signal.aborted) return;
    note(text);
    ended.abort();
  };
  const session = new Hack(lab, { ...options, signal }, () =>
    end('another command looks after the trees now'),
  );
  // `up` and `sync` ask here as they ask the process that brings trees otherwise.
  const server = await serveLive(paths.syncSocket, session, note);
  void sandboxEnd(paths.gatewaySocket, signal).then(() => end('the lab is off'));
  try {
    await session.run();
  } finally {
    server.close();
    const isOurs = !ended.signal.aborted;
    ended.abort();
    // Where the lab is gone there is nothing to go on with.
    if (isOurs) await keepLive(lab, new AbortController().signal).catch(() => {});
  }
}

const FIRST_LOOK_MS = 3000;

class Hack implements LiveTrees {
  readonly #lab: LabSpec;
  readonly #options: HackOptions;
  readonly #syncs: TreeSync[];
  #others: readonly KeptTree[] = [];
  readonly #daemons: readonly DaemonSpec[];
  #changed = new Set<string>();
  /** What changes while something is built: what the build makes, most of it. */
  #duringBuild: Set<string> | undefined;
  #lastBuilt: ReadonlySet<string> = new Set();
  #isBusy = true;
  #idle: (() => void)[] = [];
  /** Machines that came while something else was done. */
  #arrived = new Set<string>();
  /** Trees in machines of which something is known. */
  readonly #heard = new Set<string>();
  #wake = (): void => {};

  /** Ends it: somebody else is to keep the trees. */
  readonly stop: () => void;

  constructor(lab: LabSpec, options: HackOptions, stop: () => void) {
    this.#lab = lab;
    this.#options = options;
    this.stop = stop;
    const { signal } = options;
    signal.addEventListener('abort', () => this.#wake());
    this.#daemons = lab.daemons.filter(({ name }) => options.daemons.includes(name));
    const { gatewaySocket } = labPaths(lab);
    const outputs = ownOutputs();
    this.#syncs = pushedTrees(lab).map((tree) => {
      const from = realPathOf(tree.from);
      return new TreeSync({
        ...{ tree, gatewaySocket, signal },
        onNote: (text) => this.#tell({ kind: 'note', text }),
        onHeld: (changed) => {
          const others = changed.filter((path) => !outputs.includes(join(from, toText(path))));
          if (others.length === 0) return;
          for (const path of others)
            (this.#duringBuild ?? this.#changed).add(
              `${relative(lab.dir, tree.from)}/${toText(path)}`.replace(/^\//, ''),
            );
          this.#wake();
        },
        onEvent: (event) => {
          const isThere = event.kind === 'pushed';
          this.#heard.add(`${event.tree.to} ${event.machine}`);
          const reason = isThere ? '' : event.reason;
          this.#tell({ kind: 'machine', machine: event.machine, isThere, reason });
          if (isThere) this.#arrived.add(event.machine);
          this.#wake();
        },
      });
    });
  }

  async run(): Promise<void> {
    const { signal } = this.#options;
    const { gatewaySocket, dir: stateDir } = labPaths(this.#lab);
    const onNote = (text: string): void => this.#tell({ kind: 'note', text });
    const onEvent = (): void => {};
    this.#others = keepOthers(keptTrees(this.#lab), {
      ...{ gatewaySocket, stateDir, signal, onEvent, onNote },
    });
    await this.#build(this.#daemons);
    // All of it was new, and is sent now.
    this.#changed.clear();
    this.#lastBuilt = new Set();
    const keeping = Promise.all(this.#syncs.map((sync) => sync.keep()));
    // It fails before the signal fires only where the host's folder cannot be read.
    const failed = keeping.then(() => new Promise<never>(() => {}));
    failed.catch(() => {});
    await Promise.race([this.#firstLook(), failed]);
    for (;;) {
      if (signal.aborted) return;
      this.#rest();
      await Promise.race([this.#something(), failed]).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
      if (signal.aborted) return;
      this.#isBusy = true;
      const arrived = [...this.#arrived];
      this.#arrived.clear();
      const changed = [...this.#changed];
      this.#changed.clear();
      if (changed.length > 0) await this.#cycle(changed);
      else if (arrived.length > 0) await this.#start(arrived);
    }
  }

  status(): LiveStatus {
    const machines = this.#syncs.flatMap((sync) => sync.states());
    const others = this.#others.map(({ state }) => state);
    return { pid: process.pid, trees: keptTrees(this.#lab), machines, others };
  }

  wake(): void {
    for (const one of [...this.#syncs, ...this.#others]) one.wake();
  }

  /** What was saved by now has gone its way. */
  async flush(): Promise<void> {
    for (const sync of this.#syncs) await sync.look();
    if (this.#isBusy || this.#changed.size > 0)
      await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  async whenReady(machine: string): Promise<void> {
    await Promise.all(this.#syncs.map((sync) => sync.whenReady(machine)));
    await sharesReady(this.#others, machine);
  }

  #rest(): void {
    if (this.#changed.size > 0 || this.#arrived.size > 0) return;
    this.#isBusy = false;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** All that are there come at about the same time: their daemons then start together. */
  async #firstLook(): Promise<void> {
    const { signal } = this.#options;
    const end = performance.now() + FIRST_LOOK_MS;
    const all = this.#syncs.flatMap(({ tree }) =>
      tree.on.map((machine) => `${tree.to} ${machine}`),
    );
    while (!signal.aborted && performance.now() < end && this.#heard.size < all.length)
      await sleep(10);
  }

  /** A machine has come, or come back: it has all files, and its daemons start. */
  async #start(machines: readonly string[]): Promise<void> {
    const { signal } = this.#options;
    if (this.#daemons.length === 0) return;
    const began = performance.now();
    const daemons = this.#daemons.map(({ name }) => name);
    const onResult = (result: DaemonResult): void =>
      this.#tell({ kind: 'daemon', result, isRollBack: false });
    const results = await startDaemons(this.#lab, { daemons, machines, signal, onResult });
    this.#end(began, results.some(({ error }) => error) ? 'failed' : 'started');
  }

  async #cycle(changed: readonly string[]): Promise<void> {
    const began = performance.now();
    this.#tell({ kind: 'change', paths: changed });
    const daemons = this.#affected(changed);
    if (!(await this.#build(daemons))) return this.#end(began, 'failed');
    const pushed = await this.#push();
    const wrong = pushed.some(
      ({ error, result }) => error ?? (result && result.refused.length > 0),
    );
    const isRight = !wrong && (await this.#restart(daemons, false));
    if (this.#options.signal.aborted) return;
    if (isRight) return this.#end(began, daemons.length > 0 ? 'runs' : 'sent');
    for (const sync of this.#syncs) await sync.rollBack();
    await this.#restart(daemons, true);
    this.#end(began, 'rolled-back');
  }

  /** False where one failed: nothing is sent then. */
  async #build(daemons: readonly DaemonSpec[]): Promise<boolean> {
    const { signal } = this.#options;
    if (!daemons.some(({ build }) => build)) return true;
    this.#duringBuild = new Set();
    const results = await runBuilds(this.#lab, daemons, {
      signal,
      prepare: (machine) => Promise.all(this.#syncs.map((sync) => sync.pushHeld(false, [machine]))),
      onResult: (result) => this.#tell({ kind: 'build', ...result }),
    });
    // What was built is in the trees.
    for (const sync of this.#syncs) await sync.look();
    const during = this.#duringBuild;
    this.#duringBuild = undefined;
    for (const path of during)
      // Saved while it was built, or made by the build: that comes again each time.
      if (!this.#lastBuilt.has(path) && this.#daemons.some((daemon) => isMadeOf(daemon, path)))
        this.#changed.add(path);
    this.#lastBuilt = during;
    return results.every(({ error }) => error === undefined);
  }

  async #push(): Promise<HeldPush[]> {
    const pushed = (await Promise.all(this.#syncs.map((sync) => sync.pushHeld(true)))).flat();
    for (const { machine, result, error } of pushed) {
      const refused = result?.refused.map(({ path, reason }) => `${toText(path)}: ${reason}`) ?? [];
      const reason = error?.message ?? (refused.length > 0 ? refused.join(', ') : undefined);
      const changes = result?.steps.length ?? 0;
      const bytes = result?.bytes ?? 0;
      this.#tell({
        kind: 'push',
        machine,
        changes,
        bytes,
        ...(reason !== undefined && { error: reason }),
      });
    }
    return pushed;
  }

  async #restart(daemons: readonly DaemonSpec[], isRollBack: boolean): Promise<boolean> {
    const { signal } = this.#options;
    if (daemons.length === 0) return true;
    const results = await restartDaemons(this.#lab, {
      ...{ daemons: daemons.map(({ name }) => name), machines: this.#machinesThere(), signal },
      onResult: (result) => this.#tell({ kind: 'daemon', result, isRollBack }),
    });
    return results.every(({ error }) => !error);
  }

  /** Daemons that are made of one of these files. */
  #affected(changed: readonly string[]): DaemonSpec[] {
    return this.#daemons.filter((daemon) => {
      const { unit, watch, on } = daemon;
      if (watch === undefined)
        return (
          unit === undefined &&
          this.#syncs.some(({ tree }) => tree.on.some((machine) => on.includes(machine)))
        );
      return changed.some((path) => isMadeOf(daemon, path));
    });
  }

  #machinesThere(): string[] {
    const states = this.#syncs.flatMap((sync) => sync.states());
    const away = new Set(
      states.filter(({ connected }) => !connected).map(({ machine }) => machine),
    );
    return this.#lab.machines.map(({ name }) => name).filter((name) => !away.has(name));
  }

  #end(began: number, outcome: HackOutcome): void {
    const durationMs = Math.round(performance.now() - began);
    this.#tell({ kind: 'end', outcome, durationMs });
  }

  async #something(): Promise<void> {
    if (this.#changed.size > 0 || this.#arrived.size > 0) return;
    await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  #tell(event: HackEvent): void {
    this.#options.onEvent(event);
  }
}

/** Whether `watch` of a daemon names a path; false where it has none. */
function isMadeOf({ watch }: DaemonSpec, path: string): boolean {
  if (watch === undefined || path.startsWith('../')) return false;
  const rules = ignore({ ignorecase: false }).add(watch.map(fromText).join('\n'));
  return rules.ignores(fromText(path));
}
