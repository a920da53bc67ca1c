import { destroy } from '../lab/destroy.ts';
import { forkLab } from '../lab/fork.ts';
import { halt } from '../lab/halt.ts';
import type { ProgressEvent } from '../lab/progress.ts';
import { restoreSnapshot } from '../lab/snapshot-restore.ts';
import { saveSnapshot } from '../lab/snapshot-save.ts';
import { deleteSnapshots } from '../lab/snapshots.ts';
import { up } from '../lab/up.ts';
import type { LabSpec, MachineSpec } from '../lab-file/spec.ts';
import { machineNames } from '../lab-file/select.ts';
import { putNetworkFaults } from '../sandbox/gateway.ts';
import { nobodyListens } from '../util/nobody-listens.ts';
import { SkerryError } from '../util/errors.ts';
import { labPaths, type LabPaths } from '../util/paths.ts';
import { compileFaults, type LabFault, linkRule } from './faults.ts';
import { LabSnapshot } from './lab-snapshot.ts';
import type { ConnectOptions, Fault, LinkFaults } from './options.ts';
import { TestMachine } from './test-machine.ts';

/** A machine by its name, its host name, a `/regular expression/` over names, or itself; or several. */
export type MachineSet = string | TestMachine | readonly (string | TestMachine)[];

/** @internal */
export interface TestLabOptions {
  readonly onProgress?: ((event: ProgressEvent) => void) | undefined;
  readonly cold?: boolean | undefined;
  /** Ends all there is of it. */
  readonly dispose: () => Promise<void>;
}

/** A lab that a test has for itself. `startLab` makes it. */
export class TestLab implements AsyncDisposable {
  readonly #spec: LabSpec;
  readonly #options: TestLabOptions;
  readonly #paths: LabPaths;
  readonly #machines: ReadonlyMap<string, TestMachine>;
  readonly #faults = new Set<LabFault>();
  #snapshots = 0;
  #forks = 0;

  /** @internal */
  constructor(spec: LabSpec, options: TestLabOptions) {
    this.#spec = spec;
    this.#options = options;
    this.#paths = labPaths(spec);
    this.#machines = new Map(
      spec.machines.map((machine) => [machine.name, this.#machineOf(machine)]),
    );
  }

  /** Its name in the lab file. */
  get name(): string {
    return this.#spec.name;
  }

  /** Its state folder: the consoles of machines are in `machines/NAME/console.log` there. */
  get stateDir(): string {
    return this.#paths.dir;
  }

  /** All its machines, running or not, in the order of the file. */
  get machines(): readonly TestMachine[] {
    return [...this.#machines.values()];
  }

  /** A machine by its name or host name. @throws MACHINE_UNKNOWN */
  machine(name: string): TestMachine {
    const [found = name] = machineNames(this.#spec, [name]);
    return this.#machines.get(found) as TestMachine;
  }

  /**
   * Starts machines that are not running, and waits until they are ready: all with `autostart`, or those that are named.
   * Faults of the network stay; after a halt of all they are in force again when this resolves.
   * @throws the errors of `skerry up`; several together as SkerryErrors
   */
  async up(names: MachineSet = [], { signal = never() }: ConnectOptions = {}): Promise<void> {
    const { cold, onProgress } = this.#options;
    const machines = this.#namesOf(names);
    await up(this.#spec, {
      machines,
      signal,
      ...(cold && { cold }),
      ...(onProgress && { onProgress }),
    });
    // The sandbox may be another one.
    if (this.#faults.size > 0) await this.#putFaults();
  }

  /** Shuts machines down in good order: all, or those that are named. Their disks stay; `up()` boots them. */
  async halt(names: MachineSet = [], { signal = never() }: ConnectOptions = {}): Promise<void> {
    const { onProgress } = this.#options;
    const machines = this.#namesOf(names);
    await halt(this.#spec, { machines, force: false, signal, ...(onProgress && { onProgress }) });
  }

  /**
   * Cuts the network between two sets of machines: no frame passes, either way. Within a set nothing changes, and both
   * still reach the gateway. Without `others` the machines are cut from all others.
   *
   * @example
   * await using _cut = await lab.partition('agent_2', ['central_server', 'agent_1']);
   * @throws MACHINE_UNKNOWN, FAULT_INVALID when a machine is on both sides or a side is empty, NETWORK_FAULTS, LAB_OFF
   */
  async partition(machines: MachineSet, others?: MachineSet): Promise<Fault> {
    const one = this.#specsOf(machines);
    const rest = this.#spec.machines.filter((machine) => !one.includes(machine));
    const other = others === undefined ? rest : this.#specsOf(others);
    const both = one.find((machine) => other.includes(machine));
    if (both) throw invalid('a machine on both sides of a partition', both.name);
    if (one.length === 0 || other.length === 0) throw invalid('one side of a partition', 'empty');
    return this.#addFault({ kind: 'partition', sides: [one, other] });
  }

  /**
   * Makes a link slow, lossy or narrow, both ways: that of one machine to everything, the gateway too, or that between two
   * machines. Takes the place of the faults the same link had.
   *
   * @example await lab.link('agent_1', { delayMs: 40, jitterMs: 5 }); // 80 ms more for a round trip
   * @example await lab.link(['agent_1', 'agent_2'], { lossPct: 10, rateKbit: 1000 });
   * @throws MACHINE_UNKNOWN, FAULT_INVALID, NETWORK_FAULTS, LAB_OFF
   */
  async link(ends: MachineSet, faults: LinkFaults): Promise<Fault> {
    const rule = linkRule(faults);
    const [machine, other, third] = this.#specsOf(ends);
    if (!machine || third) throw invalid('the number of machines of a link', third ? 'over 2' : 0);
    const fault: LabFault = other
      ? { kind: 'pair', machines: [machine, other], rule }
      : { kind: 'link', machine, rule };
    for (const old of this.#faults) if (isSameLink(old, fault)) this.#faults.delete(old);
    return this.#addFault(fault);
  }

  /** Ends all faults of the network. Machines that are paused or off stay so. */
  async heal(): Promise<void> {
    this.#faults.clear();
    await this.#putFaults();
  }

  /**
   * Saves the lab at one instant; its machines are paused for a moment. Machines that are off are saved as well.
   *
   * @param name of up to 64 letters, digits, `.`, `_` and `-`; `snapshot-1`, `snapshot-2`, ... without it
   * @example
   * const ready = await lab.snapshot();
   * // ... a test that breaks things
   * await ready.restore();
   * @throws SNAPSHOT_NAME, SNAPSHOT_EXISTS, SNAPSHOT_EMPTY, MACHINE_PAUSE
   */
  async snapshot(
    name: string = `snapshot-${++this.#snapshots}`,
    { signal = never() }: ConnectOptions = {},
  ): Promise<LabSnapshot> {
    const { onProgress } = this.#options;
    const saved = await saveSnapshot(this.#spec, name, { signal, onProgress });
    return new LabSnapshot(saved, {
      restore: async (options) => {
        await restoreSnapshot(this.#spec, name, {
          signal: options.signal ?? never(),
          ...this.#tell(),
        });
        // The sandbox may be another one.
        if (this.#faults.size > 0) await this.#putFaults();
      },
      remove: () => deleteSnapshots(this.#spec, [name], { signal: never() }),
    });
  }

  /**
   * Starts a second lab from this one as it is now, or as it was: same machines, same moment, same addresses, in a sandbox
   * of its own. Neither can touch the other. It has no network faults, and goes with this lab at the latest.
   *
   * @param name of up to 32 small letters, digits and `-`; `fork-1`, `fork-2`, ... without it
   * @example await using fork = await lab.fork();
   * @throws FORK_NAME, FORK_EXISTS, FORK_OF_FORK, LAB_OFF
   */
  async fork(
    name: string = `fork-${++this.#forks}`,
    { from, signal = never() }: ForkOptions = {},
  ): Promise<TestLab> {
    const options = { signal, from: from?.name, ...this.#tell() };
    const { lab } = await forkLab(this.#spec, name, options);
    const paths = labPaths(lab);
    let disposed: Promise<void> | undefined;
    const end = (): Promise<void> =>
      destroy(paths, { machines: [], signal: AbortSignal.timeout(END_MS) });
    return new TestLab(lab, { ...this.#options, dispose: () => (disposed ??= end()) });
  }

  /** Ends the lab: no process and no file of it is left. Fine to call twice. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#options.dispose();
  }

  async #addFault(fault: LabFault): Promise<Fault> {
    this.#faults.add(fault);
    try {
      await this.#putFaults();
    } catch (error) {
      this.#faults.delete(fault);
      throw error;
    }
    const heal = async (): Promise<void> => {
      if (this.#faults.delete(fault)) await this.#putFaults();
    };
    return { heal, [Symbol.asyncDispose]: heal };
  }

  async #putFaults(): Promise<void> {
    const faults = compileFaults([...this.#faults]);
    try {
      await putNetworkFaults(this.#paths.gatewaySocket, faults);
    } catch (error) {
      if (!nobodyListens(error)) throw error;
      // A lab that is off has no faults.
      if (faults.length > 0)
        throw new SkerryError('LAB_OFF', { data: { lab: this.name }, cause: error });
    }
  }

  #tell(): Pick<TestLabOptions, 'onProgress'> {
    const { onProgress } = this.#options;
    return onProgress ? { onProgress } : {};
  }

  #machineOf(spec: MachineSpec): TestMachine {
    return new TestMachine({
      paths: this.#paths,
      spec,
      start: (signal) => this.up(spec.name, signal ? { signal } : {}),
    });
  }

  #namesOf(machines: MachineSet): string[] {
    const list =
      typeof machines === 'string' || machines instanceof TestMachine ? [machines] : machines;
    return machineNames(
      this.#spec,
      list.map((one) => (typeof one === 'string' ? one : one.name)),
    );
  }

  #specsOf(machines: MachineSet): MachineSpec[] {
    const names = this.#namesOf(machines);
    return this.#spec.machines.filter(({ name }) => names.includes(name));
  }
}

const END_MS = 120_000;

export interface ForkOptions extends ConnectOptions {
  /** A snapshot to begin from instead of now. */
  readonly from?: LabSnapshot;
}

function never(): AbortSignal {
  return new AbortController().signal;
}

function invalid(field: string, value: string | number): SkerryError {
  const advice = 'name one machine, or a list of them, for each side';
  return new SkerryError('FAULT_INVALID', { data: { field, value, advice } });
}

function isSameLink(one: LabFault, other: LabFault): boolean {
  if (one.kind === 'link' && other.kind === 'link') return one.machine === other.machine;
  if (one.kind !== 'pair' || other.kind !== 'pair') return false;
  return one.machines.every((machine) => other.machines.includes(machine));
}
