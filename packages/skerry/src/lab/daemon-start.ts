// The start of daemons in one machine: a script there starts them, and goes on telling what becomes of them.
import { startScript } from '../daemon/daemon-script.ts';
import { whyDead } from '../daemon/describe.ts';
import { LineReader } from '../daemon/journal.ts';
import { type DaemonEvent, parseEvent, type UnitState } from '../daemon/state.ts';
import { daemonUnit, unitOf } from '../daemon/unit.ts';
import { execInGuest, signalName } from '../guest/exec.ts';
import { waitForProbes } from '../machine/probe.ts';
import { SkerryError } from '../util/errors.ts';
import type { LabSpec } from '../lab-file/spec.ts';
import type { DaemonSpec } from '../lab-file/spec-sync.ts';
import { JOBS_MS, machineError, openDaemonChannel, refused } from './daemon-channel.ts';
import { lastLinesOf } from './daemon-tail.ts';
import type { DaemonResult, DaemonsOptions } from './daemons.ts';

/** The start of daemons in one machine. */
export class DaemonStart {
  readonly #lab: LabSpec;
  readonly #machine: string;
  readonly #options: DaemonsOptions;
  readonly #done: (result: DaemonResult) => void;
  readonly #began = performance.now();
  readonly #specs: readonly DaemonSpec[];
  /** Those of which nothing is decided yet, by unit. */
  readonly #open: Map<string, DaemonSpec>;
  readonly #how = new Map<string, DaemonResult['how']>();
  /** When each was told to start, by the machine's clock. */
  readonly #beganUs = new Map<string, number>();
  /** Ends the wait for the probes of a daemon that died. */
  readonly #dead = new Map<string, AbortController>();
  readonly #following: Promise<void>[] = [];
  /** Those of which more will be heard: their probes or logs are under way. */
  readonly #pending = new Set<string>();
  /** Nobody need listen to the script any more. */
  readonly #decided = new AbortController();

  constructor(
    lab: LabSpec,
    machine: string,
    specs: readonly DaemonSpec[],
    options: DaemonsOptions,
    done: (result: DaemonResult) => void,
  ) {
    this.#lab = lab;
    this.#machine = machine;
    this.#options = options;
    this.#done = done;
    this.#specs = specs;
    this.#open = new Map(specs.map((spec) => [unitOf(spec), spec]));
  }

  /** Resolves when all is decided. */
  async run(isRestart: boolean): Promise<void> {
    const { signal, filesOf } = this.#options;
    const plans = this.#specs.map((spec) => ({
      ...daemonUnit(spec),
      hasProbes: spec.ready.length > 0,
      files: filesOf?.(spec, this.#machine),
    }));
    const longest = Math.max(
      ...this.#specs.flatMap(({ ready }) => ready.map((p) => p.timeoutMs)),
      0,
    );
    const deadline = AbortSignal.timeout(JOBS_MS + longest);
    const lines = new LineReader();
    let errors = '';
    try {
      const channel = await openDaemonChannel(this.#lab, this.#machine, signal);
      await execInGuest(channel, ['!perl'], {
        signal: AbortSignal.any([signal, deadline, this.#decided.signal]),
        input: [Buffer.from(startScript(plans, isRestart))],
        onOutput: (stream, data) => {
          if (stream === 'stderr') errors += data.toString('utf8');
          else for (const line of lines.push(data)) this.#hear(parseEvent(line));
        },
      });
      const reason = errors.trim() || 'the script that starts it ended';
      for (const [unit, spec] of this.#undecided())
        this.#settle(unit, refused(spec.name, this.#machine, { unit, reason }));
    } catch (error) {
      if (!this.#decided.signal.aborted || signal.aborted) {
        signal.throwIfAborted();
        const why = deadline.aborted
          ? new SkerryError('GUEST_SCRIPT_TIMEOUT', { data: { machine: this.#machine } })
          : machineError(this.#lab, this.#machine, error);
        for (const [unit] of this.#undecided()) this.#settle(unit, why);
      }
    } finally {
      await Promise.all(this.#following);
    }
    signal.throwIfAborted();
  }

  #hear(event: DaemonEvent | undefined): void {
    if (!event) return;
    const unit = 'unit' in event ? event.unit : event.state.unit;
    const spec = this.#open.get(unit);
    if (!spec) return;
    if (event.kind === 'did') {
      this.#how.set(unit, event.how as DaemonResult['how']);
      if (event.beganUs !== undefined) this.#beganUs.set(unit, event.beganUs);
      // Of `failed` more is to come: how it ended.
      if (event.result !== 'done' && event.result !== 'failed')
        this.#settle(
          unit,
          refused(spec.name, this.#machine, { unit, reason: `systemd says: ${event.result}` }),
        );
    } else if (event.kind === 'refused')
      this.#settle(unit, refused(spec.name, this.#machine, event));
    else if (event.kind === 'up') this.#settle(unit);
    else if (event.kind === 'runs') this.#follow(unit, this.#probe(unit, spec));
    else if (event.kind === 'died') {
      this.#dead.get(unit)?.abort();
      if (hasDoneItsWork(spec, event.state)) this.#settle(unit);
      else
        this.#follow(
          unit,
          this.#failWithLog(unit, spec, 'DAEMON_ENDED', {
            reason: whyDead(spec, event.state, signalName),
          }),
        );
    }
  }

  async #probe(unit: string, spec: DaemonSpec): Promise<void> {
    const { signal, onWait } = this.#options;
    const machine = this.#machine;
    const dead = new AbortController();
    this.#dead.set(unit, dead);
    try {
      await waitForProbes(() => openDaemonChannel(this.#lab, machine, signal), spec.ready, {
        address: this.#lab.machines.find(({ name }) => name === machine)?.address ?? '127.0.0.1',
        signal: AbortSignal.any([signal, dead.signal]),
        onWait: (detail, leftMs) => onWait?.(spec.name, machine, detail, leftMs),
      });
      this.#settle(unit);
    } catch (error) {
      if (signal.aborted || dead.signal.aborted || !this.#open.has(unit)) return;
      const isLate = error instanceof SkerryError && error.code === 'PROBE_TIMEOUT';
      const isKept = this.#how.get(unit) === 'kept';
      const code = isKept ? 'DAEMON_KEPT_NOT_READY' : 'DAEMON_NOT_READY';
      if (isLate) await this.#failWithLog(unit, spec, code, error.data);
      else this.#settle(unit, machineError(this.#lab, machine, error));
    }
  }

  async #failWithLog(
    unit: string,
    spec: DaemonSpec,
    code: 'DAEMON_ENDED' | 'DAEMON_NOT_READY' | 'DAEMON_KEPT_NOT_READY',
    data: SkerryError['data'],
  ): Promise<void> {
    const { signal } = this.#options;
    const machine = this.#machine;
    // Nothing of the runs before it, nor of the next, which systemd may have begun by then. One that ran already has all.
    const sinceUs = this.#beganUs.get(unit);
    const tookUs = Math.ceil((performance.now() - this.#began) * 1000);
    const moments = sinceUs === undefined ? undefined : { sinceUs, untilUs: sinceUs + tookUs };
    const read = async (): Promise<string[]> =>
      lastLinesOf(await openDaemonChannel(this.#lab, machine, signal), unit, moments, signal);
    const lines = await read().catch(() => []);
    const log = lines.map((line) => `\n  ${line}`).join('');
    this.#settle(
      unit,
      new SkerryError(code, { data: { ...data, daemon: spec.name, machine, log } }),
    );
  }

  #settle(unit: string, error?: SkerryError): void {
    const spec = this.#open.get(unit);
    if (!spec) return;
    this.#open.delete(unit);
    this.#done({
      daemon: spec.name,
      machine: this.#machine,
      how: this.#how.get(unit) ?? 'none',
      durationMs: Math.round(performance.now() - this.#began),
      ...(error && { error }),
    });
    if (this.#open.size === 0) this.#decided.abort();
  }

  #follow(unit: string, work: Promise<void>): void {
    this.#pending.add(unit);
    this.#following.push(work);
  }

  #undecided(): [string, DaemonSpec][] {
    return [...this.#open].filter(([unit]) => !this.#pending.has(unit));
  }
}

/** A unit that does something and ends, such as one of `Type=oneshot`. */
function hasDoneItsWork({ command }: DaemonSpec, { active, result }: UnitState): boolean {
  return command === undefined && active === 'inactive' && result === 'success';
}
