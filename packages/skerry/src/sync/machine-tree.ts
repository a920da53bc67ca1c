// A tree in one machine, as the host's is: what is there, and what has to be done.
import { createHash } from 'node:crypto';
import { takeTurn } from '../util/turns.ts';
import { type Refusal, type StartProgram, TreeAgent } from './agent.ts';
import { type Entry, type HostTree, isReplaced } from './host-tree.ts';
import { LargeFiles, type SentFile, UNKNOWN } from './large-files.ts';
import { attributes, modeOnly, parsePairs, withLength } from './messages.ts';
import { folderOf } from './paths.ts';
import { fileStamp, LARGE, openFile, sendLarge, sendSmall, unreadable } from './send-file.ts';
import { folderMode, isFile, parseFileStamp } from './stamp.ts';
import { type Sending, Tally } from './tally.ts';
import { applyStep, diffTree, type Remote, type Step } from './tree-diff.ts';

export interface MachineTreeOptions {
  readonly host: HostTree;
  /** Where it is in the machine. */
  readonly to: string;
  readonly owner: string;
  readonly start: StartProgram;
  readonly signal: AbortSignal;
  /** Told of each large file that was sent. */
  readonly onLarge?: ((result: PushResult, durationMs: number) => void) | undefined;
}

export interface PushOptions {
  /** What changed paths were before, to see what was renamed. */
  readonly before?: ReadonlyMap<string, Entry | undefined>;
  /** Keep what is replaced until the next push, so that `rollBack` can bring it back. */
  readonly canRollBack?: boolean;
  /** Large files that are no part of that: they go by themselves, and stay. */
  readonly isApart?: ((path: string) => boolean) | undefined;
  /** Nothing is done as long as the last push may be rolled back: that would be forgotten. */
  readonly isRetry?: boolean;
  /** Ends a push that can be rolled back before all is sent. */
  readonly signal?: AbortSignal | undefined;
}

export interface PushResult {
  readonly steps: readonly Step[];
  /** Of content. */
  readonly bytes: number;
  /** What could not be had as it should be. */
  readonly refused: readonly Refusal[];
}

const NOTHING: PushResult = { steps: [], bytes: 0, refused: [] };

/** Nothing is removed for a folder that is empty all at once: a disk may not be mounted, or a checkout is under way. */
export class EmptyTree extends Error {
  constructor(paths: number) {
    super(
      `the folder is empty here, and the machine has ${paths} paths of it: they stay until something is in it`,
    );
  }
}

export class MachineTree {
  readonly #options: MachineTreeOptions;
  #agent: TreeAgent | undefined;
  #remote: Remote = new Map();
  #rollBackTo: Remote | undefined;
  /** What `rollBack` undoes. */
  #undoable = new Set<string>();
  /** What large files became that went beside that. */
  readonly #aside = new Map<string, string>();
  #refused: Refusal[] = [];
  #large: LargeFiles | undefined;
  #tally = new Tally();
  /** What could not be had as it should be, up to now. */
  readonly #lacking = new Map<string, string>();

  constructor(options: MachineTreeOptions) {
    this.#options = options;
  }

  get isConnected(): boolean {
    return this.#agent !== undefined;
  }

  /** Whether `rollBack` has something to undo. */
  get canRollBack(): boolean {
    return this.#rollBackTo !== undefined;
  }

  /** What is on its way. */
  get sending(): Sending | undefined {
    return this.#tally.sending;
  }

  /** Paths that could not be had as they should be, with the reason. */
  get lacking(): ReadonlyMap<string, string> {
    const { unreadable } = this.#options.host;
    return unreadable.size === 0 ? this.#lacking : new Map([...this.#lacking, ...unreadable]);
  }

  /** Starts the agent in the machine and asks what is there. Settles `ended` when that goes away. */
  async connect(isReadOnly = false): Promise<{ ended: Promise<Error> }> {
    const { start, signal, to, owner } = this.#options;
    const agent = new TreeAgent(start, signal, (refusal) => {
      if (!this.#large?.refuse(refusal)) this.#refused.push(refusal);
    });
    try {
      const list = await agent.hello({ root: to, owner, id: treeId(to), isReadOnly });
      this.#remote = new Map(
        list.flatMap(({ type, payload }) => (type === 'l' ? parsePairs(payload) : [])),
      );
    } catch (error) {
      agent.kill();
      throw error;
    }
    this.#agent = agent;
    // It knows nothing of what another was told to keep.
    this.#rollBackTo = undefined;
    this.#tally = new Tally();
    this.#lacking.clear();
    this.#large = new LargeFiles({
      ...{ agent, root: this.#options.host.root, remote: this.#remote, tally: this.#tally },
      onStamp: (path, stamp) => {
        this.#remote.set(path, stamp);
        this.#aside.set(path, stamp);
      },
      onSent: (sent) => {
        const result = resultOf([sent]);
        this.#note(result);
        this.#options.onLarge?.(result, sent.durationMs);
      },
    });
    const ended = agent.ended.finally(() => {
      if (this.#agent === agent) this.#agent = undefined;
    });
    return { ended };
  }

  /** Makes the machine's tree as the host's, as far as `paths` go; without them, all of it. */
  async push(paths?: Iterable<string>, options: PushOptions = {}): Promise<PushResult> {
    const { steps, bytes, refused } = await this.begin(paths, options);
    const large = options.canRollBack ? NOTHING : await this.flush();
    return {
      steps: [...steps, ...large.steps],
      bytes: bytes + large.bytes,
      refused: [...refused, ...large.refused, ...(options.canRollBack ? [] : this.#unreadable())],
    };
  }

  /** Resolves when large files are there too, as they are now; `isWanted`: only those. */
  async flush(isWanted?: (path: string) => boolean): Promise<PushResult> {
    return resultOf((await this.#large?.flush(isWanted)) ?? []);
  }

  /** The same as `push`, but large files go on by themselves. Waits for those before it, a machine's first one above all. */
  begin(paths?: Iterable<string>, options: PushOptions = {}): Promise<PushResult> {
    return this.#inTurn(() => this.#begin(paths, options), options.signal);
  }

  async #begin(paths: Iterable<string> | undefined, options: PushOptions): Promise<PushResult> {
    const agent = this.#connected();
    if (options.isRetry && this.canRollBack) return NOTHING;
    const { entries } = this.#options.host;
    const some = paths ?? new Set([...entries.keys(), ...this.#remote.keys()]);
    for (const [path, old] of options.before ?? []) {
      const now = entries.get(path);
      if (isReplaced(old, now) && this.#remote.get(path) === now?.stamp)
        this.#remote.set(path, UNKNOWN);
    }
    const steps = this.#known(diffTree(entries, this.#remote, some, options.before));
    const inOnePiece = options.canRollBack === true;
    this.#rollBackTo = undefined;
    this.#undoable.clear();
    this.#aside.clear();
    for (const path of [...(this.#large?.paths ?? [])])
      if (!isFile(entries.get(path)?.stamp)) this.#large?.drop(path);
    if (steps.length === 0) return NOTHING;
    if (entries.size === 0) throw new EmptyTree(this.#remote.size);
    // The agent keeps what was before the last push that it heard of.
    if (inOnePiece) this.#rollBackTo = new Map(this.#remote);
    this.#refused = [];
    let bytes = 0;
    agent.send('B', inOnePiece ? 'undo' : '');
    const goesApart = (step: Step): boolean =>
      sizeOf(step) > LARGE && (!inOnePiece || options.isApart?.(step.path) === true);
    const now = steps.filter((step) => !goesApart(step));
    if (inOnePiece) this.#undoable = new Set(now.map(({ path }) => path));
    for (const step of now) if (step.kind === 'file') this.#tally.add(step.path, sizeOf(step));
    try {
      for (const step of now) {
        options.signal?.throwIfAborted();
        this.#large?.drop(step.path);
        bytes += await this.#perform(agent, step, options);
        // What was handed over, and not what has arrived: that is known at the end.
        if (sizeOf(step) <= LARGE && !this.#large?.has(step.path))
          this.#tally.sent(step.path, sizeOf(step));
        await agent.room();
      }
      for (const step of steps)
        if (step.kind === 'file' && goesApart(step))
          this.#large?.add(step.path, sizeOf(step), step.stamp);
      await agent.ask('k', 'K');
    } finally {
      for (const { path } of now) if (!this.#large?.has(path)) this.#tally.done(path);
    }
    const refused = [...this.#refused, ...this.#notMoved(now)];
    for (const { path } of refused) this.#remote.set(path, UNKNOWN);
    const result = { steps: now, bytes, refused };
    this.#note(result);
    return result;
  }

  /** The paths that the machine has not as the host has them, as far as is known; without those that were refused or are on their way. */
  behind(): string[] {
    const { entries } = this.#options.host;
    const all = diffTree(entries, this.#remote, [...entries.keys(), ...this.#remote.keys()]);
    return this.#known(all).flatMap(({ path }) =>
      this.#remote.get(path) === UNKNOWN || this.#large?.has(path) ? [] : path,
    );
  }

  /** Undoes the last push, which was told that this may come. Gives what did not become what it was. */
  rollBack(): Promise<Refusal[]> {
    return this.#inTurn(() => this.#rollBack());
  }

  async #rollBack(): Promise<Refusal[]> {
    if (!this.#rollBackTo) return [];
    this.#refused = [];
    await this.#connected().ask('u', 'U');
    const refused = this.#refused;
    this.#remote.clear();
    for (const [path, stamp] of this.#rollBackTo) this.#remote.set(path, stamp);
    for (const [path, stamp] of this.#aside)
      this.#remote.set(path, this.#undoable.has(path) ? UNKNOWN : stamp);
    // It has again what it had: what it would not take is no longer wanted there, until it is pushed again.
    for (const path of this.#undoable) this.#lacking.delete(path);
    for (const { path } of refused) this.#remote.set(path, UNKNOWN);
    this.#rollBackTo = undefined;
    return refused;
  }

  /** SHA-256 of each file of ours in the machine, by path, and all that is there. */
  async look(): Promise<{ sums: Map<string, string>; stamps: Map<string, string> }> {
    const agent = this.#connected();
    const [sums, stamps] = await Promise.all([agent.ask('x', 'X'), agent.ask('t', 'T')]);
    const pairs = (messages: typeof sums, type: string): Map<string, string> =>
      new Map(
        messages.flatMap((message) => (message.type === type ? parsePairs(message.payload) : [])),
      );
    return { sums: pairs(sums, 's'), stamps: pairs(stamps, 'l') };
  }

  /** Looks at what is ours in the machine again. Gives the paths that somebody changed there since they were sent. */
  async compare(): Promise<string[]> {
    const agent = this.#connected();
    const known = new Map(this.#remote);
    const list = await agent.ask('o', 'O');
    const there = new Map(
      list.flatMap(({ type, payload }) => (type === 'l' ? parsePairs(payload) : [])),
    );
    const others: string[] = [];
    for (const [path, stamp] of known) {
      const now = there.get(path);
      // What was sent meanwhile, or is on its way, is as it should be.
      const isOld = this.#remote.get(path) !== stamp || this.#large?.has(path);
      if (now === stamp || stamp === UNKNOWN || isOld) continue;
      if (now === undefined) this.#remote.delete(path);
      else this.#remote.set(path, now);
      others.push(path);
    }
    return others;
  }

  async close(): Promise<void> {
    await this.#agent?.close();
  }

  /** What is not where it was renamed to, as that was refused: it is to be sent. */
  #notMoved(steps: readonly Step[]): Refusal[] {
    const refused = new Map(this.#refused.map(({ path, reason }) => [path, reason]));
    const reasons = new Map<string, string>();
    for (const step of steps) {
      const reason = step.kind === 'rename' ? refused.get(step.path) : undefined;
      if (step.kind === 'rename' && reason !== undefined) reasons.set(step.to, reason);
    }
    if (reasons.size === 0) return [];
    const found: Refusal[] = [];
    for (const path of this.#remote.keys())
      for (let one = path; one !== ''; one = folderOf(one)) {
        const reason = reasons.get(one);
        if (reason !== undefined) found.push({ path, reason });
      }
    return found;
  }

  /** The agent keeps one push at a time: in another it would take the one before for a part of it. */
  async #inTurn<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    using _turn = await takeTurn(this, signal);
    return await work();
  }

  #note({ steps, refused }: PushResult): void {
    for (const { path } of steps) this.#lacking.delete(path);
    for (const { path, reason } of refused) this.#lacking.set(path, reason);
  }

  #connected(): TreeAgent {
    if (!this.#agent) throw new Error('the machine is not connected');
    return this.#agent;
  }

  /** What cannot be read here is not gone. */
  #known(steps: Step[]): Step[] {
    const { host } = this.#options;
    return host.unreadable.size === 0
      ? steps
      : steps.filter(({ kind, path }) => kind !== 'remove' || !host.isUnknown(path));
  }

  #unreadable(): Refusal[] {
    return [...this.#options.host.unreadable].map(([path, reason]) => ({ path, reason }));
  }

  /** Gives the bytes of content sent. */
  async #perform(agent: TreeAgent, step: Step, options: PushOptions): Promise<number> {
    switch (step.kind) {
      case 'remove':
        agent.send('R', withLength(step.path));
        break;
      case 'rename':
        agent.send('N', withLength(step.path), step.to);
        break;
      case 'folder':
        agent.send('M', withLength(step.path), modeOnly(folderMode(step.stamp)));
        break;
      case 'link':
        agent.send('S', withLength(step.path), step.stamp.slice(1));
        break;
      case 'mode':
        agent.send('A', withLength(step.path), attributes(parseFileStamp(step.stamp)));
        break;
      case 'file':
        return this.#sendFile(agent, step.path, options);
      default:
        return step satisfies never;
    }
    applyStep(this.#remote, step);
    return 0;
  }

  async #sendFile(
    agent: TreeAgent,
    path: string,
    { canRollBack, isApart, signal }: PushOptions,
  ): Promise<number> {
    try {
      await using file = await openFile(this.#options.host.root, path);
      const small = await sendSmall(agent, path, file);
      if (small) {
        applyStep(this.#remote, { kind: 'file', path, stamp: small.stamp });
        return small.bytes;
      }
      const stamp = await fileStamp(file);
      const { size } = parseFileStamp(stamp);
      // It may have grown since it was looked at.
      if (!canRollBack || isApart?.(path)) {
        this.#large?.add(path, size, stamp);
        return 0;
      }
      const onSent = (bytes: number): void => this.#tally.sent(path, bytes);
      const isUnwanted = (): boolean => signal?.aborted === true;
      const sent = await sendLarge(agent, path, file, { stamp, onSent, isUnwanted });
      if (sent === 'unwanted') agent.send('Q');
      signal?.throwIfAborted();
      applyStep(this.#remote, { kind: 'file', path, stamp: sent === 'whole' ? stamp : UNKNOWN });
      return size;
    } catch (error) {
      const reason = unreadable(error);
      if (reason !== undefined) this.#refused.push({ path, reason });
      return 0;
    }
  }
}

function sizeOf(step: Step): number {
  return step.kind === 'file' ? parseFileStamp(step.stamp).size : 0;
}

function resultOf(sent: readonly SentFile[]): PushResult {
  return {
    steps: sent
      .filter(({ stamp }) => stamp !== '')
      .map(({ path, stamp }) => ({ kind: 'file', path, stamp })),
    bytes: sent.reduce((sum, { bytes }) => sum + bytes, 0),
    refused: sent.flatMap(({ refusal }) => refusal ?? []),
  };
}

/** What the machine calls the tree. */
export function treeId(to: string): string {
  return createHash('sha256').update(to).digest('hex').slice(0, 16);
}
