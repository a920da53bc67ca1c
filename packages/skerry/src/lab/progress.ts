import { messageOf } from '../util/message-of.ts';
/** Something an operation on a lab began or ended: what the screen, `--timings` and tests are made from. */
export interface ProgressEvent {
  /** The machine it is about; none for what concerns the whole lab. */
  readonly machine?: string;
  readonly phase: Phase;
  /** What the phase is about: the provisioner that runs, the machines that are waited for. */
  readonly subject?: string;
  /** `stop`: it was broken off, and nothing is wrong. */
  readonly status: 'begin' | 'end' | 'fail' | 'stop' | 'note' | 'say';
  /** Milliseconds since the operation began. */
  readonly atMs: number;
  /** For people, such as the last line of the console while a machine boots. */
  readonly detail?: string;
}

export type Phase =
  | 'lock'
  | 'source'
  | 'image'
  | 'accelerator'
  | 'sandbox'
  | 'libvirt'
  | 'network'
  | 'forwards'
  | 'template'
  | 'check'
  | 'pause'
  | 'freeze'
  | 'store'
  | 'resume'
  | 'clock'
  | 'disk'
  | 'define'
  | 'start'
  | 'boot'
  | 'thaw'
  | 'identity'
  | 'ssh'
  | 'sync'
  | 'wait'
  | 'provision'
  | 'ready'
  | 'trigger'
  | 'keep'
  | 'kept'
  | 'shutdown'
  | 'destroy';

export interface Timing {
  readonly machine?: string;
  readonly phase: Phase;
  readonly subject?: string;
  readonly startMs: number;
  readonly durationMs: number;
}

/** Collects events into timings and passes them on to whoever shows them. */
export class Progress {
  readonly #began = performance.now();
  readonly #timings: Timing[] = [];
  readonly #listener: ((event: ProgressEvent) => void) | undefined;

  constructor(listener?: (event: ProgressEvent) => void) {
    this.#listener = listener;
  }

  get timings(): readonly Timing[] {
    return this.#timings;
  }

  get elapsedMs(): number {
    return Math.round(performance.now() - this.#began);
  }

  /** Runs `work` as a phase. */
  async phase<T>(
    phase: Phase,
    machine: string | undefined,
    work: () => Promise<T>,
    subject?: string,
  ): Promise<T> {
    const startMs = this.elapsedMs;
    const about = subject === undefined ? {} : { subject };
    this.#tell(phase, machine, { status: 'begin', ...about });
    try {
      const result = await work();
      this.#timings.push({
        ...{ phase, startMs, durationMs: this.elapsedMs - startMs, ...about },
        ...(machine !== undefined && { machine }),
      });
      this.#tell(phase, machine, { status: 'end', ...about });
      return result;
    } catch (error) {
      const isStopped = error instanceof Error && error.name === 'AbortError';
      const end = isStopped ? 'stop' : 'fail';
      this.#tell(phase, machine, { status: end, detail: messageOf(error), ...about });
      throw error;
    }
  }

  /** Says more about a phase that is under way. */
  note(phase: Phase, machine: string | undefined, detail: string): void {
    this.#tell(phase, machine, { status: 'note', detail });
  }

  /** The same, of what must still be there to read when all is over: why something went another way. */
  say(phase: Phase, machine: string | undefined, detail: string): void {
    this.#tell(phase, machine, { status: 'say', detail });
  }

  #tell(
    phase: Phase,
    machine: string | undefined,
    event: Pick<ProgressEvent, 'status' | 'detail' | 'subject'>,
  ): void {
    this.#listener?.({
      ...{ phase, atMs: this.elapsedMs, ...event },
      ...(machine !== undefined && { machine }),
    });
  }
}
