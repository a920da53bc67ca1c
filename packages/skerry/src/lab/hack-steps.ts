// The steps that an attempt of `hack` is made of: build, send, restart. Each tells what it does.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { LabSpec } from '../lab-file/spec.ts';
import type { DaemonSpec } from '../lab-file/spec-sync.ts';
import { toText } from '../sync/paths.ts';
import { isUnreadable } from '../sync/send-file.ts';
import { restartDaemons, startDaemons } from './daemons.ts';
import { runBuilds } from './hack-build.ts';
import type { HackEvent } from './hack-event.ts';
import type { DaemonFiles, Unmatched } from './hack-files.ts';
import type { HackQueue } from './hack-queue.ts';
import type { HackTrees } from './hack-trees.ts';
import { pushedTrees } from './live-control.ts';

export interface HackStepsOptions {
  readonly lab: LabSpec;
  /** Those that hack looks after. */
  readonly daemons: readonly DaemonSpec[];
  readonly files: DaemonFiles;
  readonly queue: HackQueue;
  readonly trees: HackTrees;
  readonly tell: (event: HackEvent) => void;
}

export class HackSteps {
  readonly #options: HackStepsOptions;
  /** Daemons whose first build has failed: each attempt builds them, until that goes well. */
  #unbuilt: readonly DaemonSpec[] = [];

  constructor(options: HackStepsOptions) {
    this.#options = options;
  }

  /** What daemons watch and is not there. */
  unmatched(): Unmatched[] {
    const { lab, files, trees } = this.#options;
    const names = pushedTrees(lab).flatMap((tree) =>
      trees.filesOf(tree).map((path) => files.nameOf(tree, path)),
    );
    const unbuilt = new Set(this.#unbuilt.map(({ name }) => name));
    return files.unmatched(names).filter(({ daemon }) => !unbuilt.has(daemon));
  }

  /** Daemons that an attempt is about, after these files have changed. */
  concernedBy(paths: readonly string[]): DaemonSpec[] {
    const { daemons, files } = this.#options;
    const affected = files.affectedBy(paths);
    return daemons.filter((one) => affected.includes(one) || this.#unbuilt.includes(one));
  }

  /** Builds all, at the start. */
  async buildFirst(signal: AbortSignal): Promise<void> {
    const { daemons } = this.#options;
    if (!(await this.build(daemons, signal))) this.#unbuilt = daemons.filter(({ build }) => build);
  }

  /** False where one failed: nothing is sent then. */
  async build(daemons: readonly DaemonSpec[], signal: AbortSignal): Promise<boolean> {
    const { lab, queue, trees, tell } = this.#options;
    if (!daemons.some(({ build }) => build)) return true;
    const builders = new Set(daemons.flatMap(({ build }) => build?.on ?? []));
    queue.buildBegins();
    let isWhole = false;
    try {
      const results = await runBuilds(lab, daemons, {
        signal,
        prepare: (machine) => trees.prepare(machine, signal),
        onResult: (result) => tell({ kind: 'build', ...result }),
      });
      isWhole = true;
      const isRight = results.every(({ error }) => error === undefined);
      if (isRight) this.#unbuilt = this.#unbuilt.filter((daemon) => !daemons.includes(daemon));
      return isRight;
    } finally {
      // What a builder got for it is no more than a trial, either.
      await trees.rollBack([...builders]);
      // What was built is in the trees: it is seen now, and not taken for something that was saved later.
      await trees.look();
      if (isWhole) await this.#buildEnded();
      else queue.buildBroke();
    }
  }

  async #buildEnded(): Promise<void> {
    const { lab, queue, tell } = this.#options;
    const sums = new Map<string, string>();
    for (const path of queue.written) sums.set(path, await sumOf(resolve(lab.dir, path)));
    for (const path of queue.buildEnds(sums, performance.now())) {
      const text = `${path} changes with each build, and is not built again for that`;
      tell({ kind: 'note', text });
    }
  }

  /** False where a machine that is there would not take all of it; what no daemon watches and cannot be read here is left. */
  async push(signal: AbortSignal): Promise<boolean> {
    const { files, trees, tell } = this.#options;
    let isWritten = true;
    const pushed = await trees.push(signal);
    signal.throwIfAborted();
    for (const { tree, machine, result, error } of pushed) {
      const isVain = result?.refused.some(
        (one) => !isUnreadable(one) || files.isWatched(files.nameOf(tree, one.path)),
      );
      const refused = result?.refused.map(({ path, reason }) => `${toText(path)}: ${reason}`) ?? [];
      const reason = error?.message ?? (refused.length > 0 ? refused.join(', ') : undefined);
      const changes = result?.steps.length ?? 0;
      const bytes = result?.bytes ?? 0;
      const trouble = reason === undefined ? {} : { error: reason };
      tell({ kind: 'push', machine, changes, bytes, ...trouble });
      // One that went away meanwhile gets it when it comes back.
      if (isVain || (error && !trees.away().includes(machine))) isWritten = false;
    }
    return isWritten;
  }

  /** False where one of them does not run, in a machine that is there. */
  async restart(
    daemons: readonly DaemonSpec[],
    isRollBack: boolean,
    signal: AbortSignal,
  ): Promise<boolean> {
    if (daemons.length === 0) return true;
    const { lab, trees, tell } = this.#options;
    const away = trees.away();
    const machines = lab.machines.map(({ name }) => name).filter((name) => !away.includes(name));
    const names = daemons.map(({ name }) => name);
    tell({ kind: 'restart', daemons: names, machines });
    const results = await restartDaemons(lab, {
      ...{ daemons: names, machines, signal },
      onResult: (result) => tell({ kind: 'daemon', result, isRollBack }),
      onWait: (daemon, machine, detail, leftMs) =>
        tell({ kind: 'wait', daemon, machine, detail, leftMs }),
    });
    const isThere = (machine: string): boolean => !trees.away().includes(machine);
    return !results.some(({ error, machine }) => error && isThere(machine));
  }

  /**
   * Starts them in machines that have come, or come back, and restarts those that are older than their files. False where
   * one does not run as it should.
   */
  async start(machines: readonly string[], signal: AbortSignal): Promise<boolean> {
    const { lab, daemons, files, queue, trees, tell } = this.#options;
    if (daemons.length === 0) return true;
    // What waits restarts those.
    const soon = files.affectedBy(queue.waiting);
    const results = await startDaemons(lab, {
      ...{ daemons: daemons.map(({ name }) => name), machines, signal },
      filesOf: (daemon, machine) => {
        const isLeft = !daemons.includes(daemon) || soon.includes(daemon);
        if (isLeft || this.#unbuilt.includes(daemon)) return [];
        const made = daemon.build ? queue.made : new Set<string>();
        return files.inMachine(daemon, machine, (tree) => trees.filesOf(tree), made);
      },
      onResult: (result) => tell({ kind: 'daemon', result, isRollBack: false }),
      onWait: (daemon, machine, detail, leftMs) =>
        tell({ kind: 'wait', daemon, machine, detail, leftMs }),
    });
    return this.#unbuilt.length === 0 && results.every(({ error }) => !error);
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
