import { setTimeout as sleep } from 'node:timers/promises';
import { unitOf } from '../daemon/unit.ts';
import type { LabSpec } from '../lab-file/spec.ts';
import { type DaemonStatus, daemonStatus, unknownDaemon } from './daemon-status.ts';

/** Whoever asks waits so long, where the rest is faster: a machine under emulation needs half of it. */
const LEAST_MS = 1500;
/** While a machine takes files it answers later. */
const SENDING_MS = 8000;

/** Asks all machines at once how their daemons fare. Nobody has to wait for those that are slow. */
export class QuickDaemons implements Disposable {
  readonly #lab: LabSpec;
  readonly #end = new AbortController();
  readonly #began = performance.now();
  readonly #rows = new Map<string, readonly DaemonStatus[]>();
  readonly #all: Promise<unknown>;

  constructor(lab: LabSpec) {
    this.#lab = lab;
    const daemons = lab.daemons.map(({ name }) => name);
    const machines = lab.machines.filter(({ name }) =>
      lab.daemons.some(({ on }) => on.includes(name)),
    );
    const { signal } = this.#end;
    const asked = machines.map(async ({ name }) => {
      this.#rows.set(name, await daemonStatus(lab, { daemons, machines: [name], signal }));
    });
    this.#all = Promise.allSettled(asked);
  }

  /** What is known by now, or shortly after the question at the latest; of the others, that they are silent. */
  async take(isSending: boolean): Promise<DaemonStatus[]> {
    const leftMs = (isSending ? SENDING_MS : LEAST_MS) - (performance.now() - this.#began);
    const { signal } = this.#end;
    const late = sleep(Math.max(0, leftMs), undefined, { signal }).catch(() => {});
    await Promise.race([this.#all, late]);
    this.#end.abort();
    return this.#lab.daemons.flatMap((spec) =>
      spec.on.map(
        (machine) =>
          this.#rows.get(machine)?.find(({ daemon }) => daemon === spec.name) ??
          unknownDaemon(spec.name, machine, unitOf(spec), 'silent'),
      ),
    );
  }

  [Symbol.dispose](): void {
    this.#end.abort();
  }
}
