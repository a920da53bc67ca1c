// One tree of a lab in its machines. `once` makes all equal; `keep` goes on with that as long as it is not told to end:
// changes are sent as they are made, and a machine that was away catches up.
import { execInGuest } from '../guest/exec.ts';
import { openGuest } from '../sandbox/gateway.ts';
import type { StartProgram } from '../sync/agent.ts';
import type { HostTree } from '../sync/host-tree.ts';
import { type Before, folderTrouble, HostWatch } from '../sync/host-watch.ts';
import { MachineTree, type MachineTreeOptions, type PushResult } from '../sync/machine-tree.ts';
import { toText } from '../sync/paths.ts';
import type { Sending } from '../sync/tally.ts';
import type { TreeSpec } from '../lab-file/spec-sync.ts';
import { SkerryError } from '../util/errors.ts';
import type { TreeState } from './live-protocol.ts';
import { treeName } from './tree-name.ts';
import { Target } from './tree-target.ts';
import { messageOf } from '../util/message-of.ts';

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
  /** With that: large files that go by themselves, are not waited for and not rolled back. */
  readonly isApart?: ((path: string) => boolean) | undefined;
  /** One of those is there. */
  readonly onApart?: ((machine: string, result: PushResult) => void) | undefined;
}

/** What became of a push to one machine that was asked for. */
export interface HeldPush {
  readonly machine: string;
  readonly durationMs: number;
  readonly result?: PushResult;
  readonly error?: Error;
}

/** So many paths that could not be written are named. */
const NAMED = 3;
const CONNECT_MS = 15_000;

export class TreeSync {
  readonly #options: TreeSyncOptions;
  readonly #watch: HostWatch;
  #scanned: Promise<unknown> | undefined;
  readonly #targets = new Map<string, Target>();
  readonly #running = new Map<string, MachineTree>();
  /** Resolves when it is known which machines there are, or that nothing can be sent. */
  readonly #begun = Promise.withResolvers<void>();
  /** Resolves when there are targets, or never will be. */
  readonly #aimed = Promise.withResolvers<void>();
  #isWatching = false;
  /** The host's folder is back. */
  #isBack = (): void => {};
  #waiting: { readonly machine: string; readonly resolve: () => void }[] = [];

  constructor(options: TreeSyncOptions) {
    const { from, exclude } = options.tree;
    this.#options = options;
    const note = (text: string): void => options.onNote?.(`${from}: ${text}`);
    this.#watch = new HostWatch({
      ...{ root: from, exclude },
      onChange: (before) => this.#changed(before),
      onAway: (reason) => this.#away(reason),
      onLimit: (reason) =>
        note(`not all folders can be watched (${reason}): see fs.inotify.max_user_watches`),
    });
  }

  get tree(): TreeSpec {
    return this.#options.tree;
  }

  get host(): HostTree {
    return this.#watch.tree;
  }

  /** Reads the host's folder, the first time it is asked. @throws TREE_MISSING */
  scan(): Promise<unknown> {
    return (this.#scanned ??= this.host.scan().catch((cause: unknown) => {
      const { from } = this.tree;
      this.#scanned = undefined;
      throw new SkerryError('TREE_MISSING', {
        data: { from, reason: folderTrouble(cause) },
        cause,
      });
    }));
  }

  /** Makes the tree in one machine equal to the host's. */
  async once(machine: string): Promise<PushResult & { readonly durationMs: number }> {
    const began = performance.now();
    const { target, ended } = await this.#connect(machine);
    try {
      await this.scan();
      this.#running.set(machine, target);
      const result = await target.push();
      return { ...result, durationMs: Math.round(performance.now() - began) };
    } finally {
      this.#running.delete(machine);
      await target.close();
      await ended;
    }
  }

  /** What is on its way to a machine by `once`. */
  sendingOf(machine: string): Sending | undefined {
    const sending = this.#running.get(machine)?.sending;
    return sending && textOf(sending);
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
    const before = await this.#watch.look();
    if (before.size > 0) this.#options.onHeld?.([...before.keys()]);
  }

  /** From now on each change is seen, also before `keep`, which ends that. @throws TREE_MISSING */
  async watch(): Promise<void> {
    if (!this.#isWatching) this.#watch.start();
    this.#isWatching = true;
    await this.scan();
  }

  /** Goes on until the signal fires. A folder that is not there is waited for. */
  async keep(): Promise<void> {
    const { signal } = this.#options;
    try {
      await this.watch().catch(() => this.#untilBack());
      signal.throwIfAborted();
      const targets = this.tree.on.map(
        (machine) =>
          new Target({
            ...this.#options,
            machine,
            connectable: (onLarge) => this.#connectable(machine, onLarge),
            onArrival: () => this.#arrived(machine),
          }),
      );
      for (const target of targets) this.#targets.set(target.machine, target);
      this.#begun.resolve();
      this.#aimed.resolve();
      await Promise.all(targets.map((target) => target.keep()));
    } finally {
      this.#begun.resolve();
      this.#aimed.resolve();
      this.#watch.close();
      this.#targets.clear();
    }
    signal.throwIfAborted();
  }

  /** Looks at what is in the machines, and tells what somebody changed there. */
  async compare(): Promise<void> {
    const found = await Promise.allSettled(
      [...this.#targets.values()].map((target) => target.compare()),
    );
    // Of a machine that goes meanwhile the state says so.
    const paths = new Set(found.flatMap((one) => (one.status === 'fulfilled' ? one.value : [])));
    if (paths.size > 0) this.#options.onHeld?.([...paths]);
  }

  /**
   * Looks at the whole folder again, and resolves when the machines that are there have all of it.
   * @param isDoubtful whether to look in the machines too: what somebody changed there is sent again
   */
  async flush(isDoubtful = false): Promise<void> {
    await this.#begun.promise;
    const before = await this.#watch.look();
    // Who asks is told by the state.
    if (this.#watch.problem !== undefined) return;
    await this.#aimed.promise;
    await Promise.all(
      [...this.#targets.values()].map((target) => target.flush(before, isDoubtful)),
    );
  }

  /** Resolves when that machine has all that is on the host now; it is waited for. */
  async whenReady(machine: string): Promise<void> {
    const target = this.#targets.get(machine);
    if (!this.tree.on.includes(machine)) return;
    if (!target && this.#watch.problem !== undefined) return;
    if (target?.isConnected && !target.isFirst) {
      if (!this.#options.onHeld) await this.flush();
    } else await new Promise<void>((resolve) => this.#waiting.push({ machine, resolve }));
  }

  /** Makes those machines that are there equal to the host, as it was last looked at; undefined: all of them. */
  pushHeld(signal?: AbortSignal, machines?: readonly string[]): Promise<HeldPush[]> {
    const targets = [...this.#targets.values()].filter(
      ({ machine, isConnected }) => isConnected && (machines?.includes(machine) ?? true),
    );
    return Promise.all(targets.map((target) => target.pushHeld(signal)));
  }

  /** Resolves when files that go by themselves are there too, in those machines that are there. */
  async whole(machines?: readonly string[]): Promise<void> {
    const targets = [...this.#targets.values()];
    const some = targets.filter(({ machine }) => machines?.includes(machine) ?? true);
    await Promise.all(some.map((target) => target.whole()));
  }

  /** Undoes the last `pushHeld`, in those machines that are still there; undefined: in all of them. */
  async rollBack(machines?: readonly string[]): Promise<void> {
    const targets = [...this.#targets.values()].filter(
      ({ machine }) => machines?.includes(machine) ?? true,
    );
    // Whoever went meanwhile gets all there is when it is back.
    const undo = async (target: Target): Promise<void> => {
      const refused = await target.rollBack().catch(() => []);
      for (const { path, reason } of refused)
        this.#options.onNote?.(`${target.machine}: ${toText(path)} is not as it was: ${reason}`);
    };
    await Promise.all(targets.map(undo));
  }

  /** Which machines have the tree, and since when others have not. */
  states(): TreeState[] {
    const { mode, from, to, on } = this.tree;
    const { problem: away } = this.#watch;
    if (this.#targets.size === 0 && away !== undefined) {
      const state = { connected: false, reason: away, problem: away, refused: 0 };
      return on.map((machine) => ({ mode, from, to, machine, ...state }));
    }
    return [...this.#targets.values()].map((target) => {
      const { machine, isConnected, reason, lacking, held } = target;
      const problem = away ?? target.problem;
      const refusals = [...lacking].slice(0, NAMED).map(([path, why]) => ({ path, reason: why }));
      return {
        ...{ mode, from, to, machine, connected: isConnected, reason, refused: lacking.size },
        ...(problem !== undefined && { problem }),
        ...(lacking.size > 0 && { refusals: refusals.map(textOf) }),
        ...(held.length > 0 && { held }),
        ...(target.sending && { sending: textOf(target.sending) }),
      };
    });
  }

  /** What is on its way, with the machine; cheap, where `states` looks through all there is. */
  get sendings(): { readonly machine: string; readonly sending: Sending }[] {
    return [...this.#targets.values()].flatMap(({ machine, sending }) =>
      sending ? [{ machine, sending: textOf(sending) }] : [],
    );
  }

  /** Machines that changes do not reach now. */
  get away(): string[] {
    return this.tree.on.filter((machine) => this.#targets.get(machine)?.isConnected !== true);
  }

  /** Those machines are looked for at once. */
  wake(): void {
    for (const target of this.#targets.values()) target.wake();
  }

  /** The folder is away at the start, which is told as any other time; nobody waits for machines meanwhile. */
  async #untilBack(): Promise<void> {
    const { signal } = this.#options;
    const back = Promise.withResolvers<void>();
    this.#isBack = back.resolve;
    await this.#watch.look();
    if (this.#watch.problem === undefined) return;
    this.#begun.resolve();
    for (const machine of this.tree.on) this.#arrived(machine);
    signal.addEventListener('abort', this.#isBack, { once: true });
    await back.promise;
    signal.removeEventListener('abort', this.#isBack);
  }

  #arrived(machine: string): void {
    for (const one of this.#waiting) if (one.machine === machine) one.resolve();
    this.#waiting = this.#waiting.filter((one) => one.machine !== machine);
  }

  #changed(before: Before): void {
    if (this.#options.onHeld) this.#options.onHeld([...before.keys()]);
    else for (const target of this.#targets.values()) target.changed(before);
  }

  /** The host's folder is gone, or back. */
  #away(reason: string | undefined): void {
    const { tree, onNote } = this.#options;
    onNote?.(reason ?? `the folder ${tree.from} is back`);
    if (reason === undefined) this.#isBack();
    for (const target of this.#targets.values()) target.tellProblem(reason);
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

  #connectable(machine: string, onLarge?: MachineTreeOptions['onLarge']): MachineTree {
    const { tree, signal, gatewaySocket } = this.#options;
    const start = guestProgram(gatewaySocket, machine);
    const { to, owner } = tree;
    return new MachineTree({ host: this.host, to, owner, start, signal, onLarge });
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
  const reason = messageOf(cause);
  const name = treeName(tree, machine, process.cwd());
  return new SkerryError('SYNC_FAILED', { data: { machine, tree: name, reason }, cause });
}

function textOf<T extends { readonly path: string }>(one: T): T {
  return { ...one, path: toText(one.path) };
}
