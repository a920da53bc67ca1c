// A tree in one machine, as the host's is: what is there, and what has to be done.
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Refusal, type StartProgram, TreeAgent } from './agent.ts';
import type { Entry, HostTree } from './host-tree.ts';
import { attributes, CHUNK, fileHead, modeOnly, parsePairs, withLength } from './messages.ts';
import { toBytes } from './paths.ts';
import { folderMode, parseFileStamp, stampOf } from './stamp.ts';
import { applyStep, diffTree, type Remote, type Step } from './tree-diff.ts';

export interface MachineTreeOptions {
  readonly host: HostTree;
  /** Where it is in the machine. */
  readonly to: string;
  readonly owner: string;
  readonly start: StartProgram;
  readonly signal: AbortSignal;
}

export interface PushOptions {
  /** What changed paths were before, to see what was renamed. */
  readonly before?: ReadonlyMap<string, Entry | undefined>;
  /** Keep what is replaced until the next push, so that `rollBack` can bring it back. */
  readonly canRollBack?: boolean;
}

export interface PushResult {
  readonly steps: readonly Step[];
  /** Of content. */
  readonly bytes: number;
  /** What could not be had as it should be. */
  readonly refused: readonly Refusal[];
}

const NOTHING: PushResult = { steps: [], bytes: 0, refused: [] };
/** Its true state is not known. */
const UNKNOWN = '?';
const TRIES = 3;
const TRY_AGAIN_MS = 5;

export class MachineTree {
  readonly #options: MachineTreeOptions;
  #agent: TreeAgent | undefined;
  #remote: Remote = new Map();
  #rollBackTo: Remote | undefined;
  #refused: Refusal[] = [];

  constructor(options: MachineTreeOptions) {
    this.#options = options;
  }

  get isConnected(): boolean {
    return this.#agent !== undefined;
  }

  /** Starts the agent in the machine and asks what is there. Settles `ended` when that goes away. */
  async connect(isReadOnly = false): Promise<{ ended: Promise<Error> }> {
    const { start, signal, to, owner } = this.#options;
    const agent = new TreeAgent(start, signal, (refusal) => this.#refused.push(refusal));
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
    const ended = agent.ended.finally(() => {
      if (this.#agent === agent) this.#agent = undefined;
    });
    return { ended };
  }

  /** Makes the machine's tree as the host's, as far as `paths` go; without them, all of it. */
  async push(paths?: Iterable<string>, options: PushOptions = {}): Promise<PushResult> {
    const agent = this.#connected();
    const { entries } = this.#options.host;
    const some = paths ?? new Set([...entries.keys(), ...this.#remote.keys()]);
    const steps = diffTree(entries, this.#remote, some, options.before);
    // The agent keeps what was before the last push that it heard of.
    const isUndoable = options.canRollBack === true && steps.length > 0;
    this.#rollBackTo = isUndoable ? new Map(this.#remote) : undefined;
    if (steps.length === 0) return NOTHING;
    this.#refused = [];
    let bytes = 0;
    agent.send('B', options.canRollBack ? 'undo' : '');
    for (const step of steps) {
      bytes += await this.#perform(agent, step);
      await agent.room();
    }
    await agent.ask('k', 'K');
    const refused = this.#refused;
    for (const { path } of refused) this.#remote.set(path, UNKNOWN);
    return { steps, bytes, refused };
  }

  /** The paths that the machine has not as the host has them, as far as is known; without those that were refused. */
  behind(): string[] {
    const { entries } = this.#options.host;
    const steps = diffTree(entries, this.#remote, [...entries.keys(), ...this.#remote.keys()]);
    return steps.flatMap(({ path }) => (this.#remote.get(path) === UNKNOWN ? [] : path));
  }

  /** Undoes the last push, which was told that this may come. */
  async rollBack(): Promise<void> {
    if (!this.#rollBackTo) return;
    await this.#connected().ask('u', 'U');
    this.#remote = this.#rollBackTo;
    this.#rollBackTo = undefined;
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

  async close(): Promise<void> {
    await this.#agent?.close();
  }

  #connected(): TreeAgent {
    if (!this.#agent) throw new Error('the machine is not connected');
    return this.#agent;
  }

  /** Gives the bytes of content sent. */
  async #perform(agent: TreeAgent, step: Step): Promise<number> {
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
        return this.#sendFile(agent, step.path);
      default:
        return step satisfies never;
    }
    applyStep(this.#remote, step);
    return 0;
  }

  async #sendFile(agent: TreeAgent, path: string): Promise<number> {
    const { host } = this.#options;
    try {
      await using file = await open(
        toBytes(host.root, path),
        constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
      );
      const { stamp, bytes } = await sendContent(agent, path, file);
      applyStep(this.#remote, { kind: 'file', path, stamp });
      if (stamp !== host.entries.get(path)?.stamp) host.refresh(path);
      return bytes;
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === undefined) throw error;
      // Gone or no file any more: the watcher will say so, or has.
      if (code !== 'ENOENT' && code !== 'ELOOP')
        this.#refused.push({ path, reason: `on this host: ${code}` });
      host.refresh(path);
      return 0;
    }
  }
}

/** What the machine calls the tree. */
export function treeId(to: string): string {
  return createHash('sha256').update(to).digest('hex').slice(0, 16);
}

/** Sends a file as it is at one moment; one that is written all the time, as it was when it was first looked at. */
async function sendContent(
  agent: TreeAgent,
  path: string,
  file: FileHandle,
): Promise<{ stamp: string; bytes: number }> {
  for (let tries = 1; ; tries++) {
    const stamp = await fileStamp(file);
    const head = parseFileStamp(stamp);
    if (head.size > CHUNK) {
      const whole = await sendChunks(agent, path, file, stamp);
      if (whole || tries === TRIES) return { stamp: whole ? stamp : UNKNOWN, bytes: head.size };
      continue;
    }
    const data = Buffer.allocUnsafe(head.size);
    const { bytesRead } = await file.read(data, 0, head.size, 0);
    if ((bytesRead < head.size || (await fileStamp(file)) !== stamp) && tries < TRIES) {
      await sleep(TRY_AGAIN_MS);
      continue;
    }
    const size = bytesRead;
    agent.send('W', withLength(path), fileHead({ ...head, size }), data.subarray(0, size));
    return { stamp, bytes: size };
  }
}

/** False where it became shorter meanwhile; nothing of it is kept then. */
async function sendChunks(
  agent: TreeAgent,
  path: string,
  file: FileHandle,
  stamp: string,
): Promise<boolean> {
  const head = parseFileStamp(stamp);
  agent.send('F', withLength(path), fileHead(head));
  for (let at = 0; at < head.size;) {
    const data = Buffer.allocUnsafe(Math.min(CHUNK, head.size - at));
    const { bytesRead } = await file.read(data, 0, data.length, at);
    if (bytesRead === 0) {
      agent.send('Q');
      return false;
    }
    agent.send('D', data.subarray(0, bytesRead));
    at += bytesRead;
    await agent.room();
  }
  agent.send('E');
  return true;
}

async function fileStamp(file: FileHandle): Promise<string> {
  const stamp = stampOf(await file.stat({ bigint: true }), () => '');
  if (stamp?.startsWith('f')) return stamp;
  throw Object.assign(new Error('no file any more'), { code: 'ELOOP' });
}
