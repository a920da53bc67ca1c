// A folder of a machine, brought to this host: what is new or other there is fetched, what was fetched and is gone there
// is removed here. Nothing else here is touched, and nothing is written through a link.
import { createHash } from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  futimesSync,
  lstatSync,
  openSync,
  readlinkSync,
  writeSync,
} from 'node:fs';
import {
  chmod,
  mkdir,
  readFile,
  rename,
  rm,
  rmdir,
  symlink,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { dirname } from 'node:path';
import ignore, { type Ignore } from 'ignore';
import { type Refusal, type StartProgram, TreeAgent } from './agent.ts';
import { parsePairs } from './messages.ts';
import { depthOf, folderOf, fromText, toBytes } from './paths.ts';
import { type Sending, Tally } from './tally.ts';
import { folderMode, isFile, isFolder, parseFileStamp, stampOf } from './stamp.ts';

export interface PullOptions {
  /** In the machine, absolute. */
  readonly from: string;
  /** On this host, absolute. */
  readonly to: string;
  /** In the words of .gitignore. */
  readonly exclude: readonly string[];
  /** Where it is noted what was fetched: a file of this host. */
  readonly index: string;
  readonly start: StartProgram;
  readonly signal: AbortSignal;
}

export interface PullResult {
  /** Whether the folder is there at all: until then nothing of it can be watched. */
  readonly isThere: boolean;
  readonly fetched: readonly string[];
  readonly removed: readonly string[];
  readonly refused: readonly Refusal[];
  readonly bytes: number;
}

export class PullTree {
  readonly #options: PullOptions;
  readonly #rules: Ignore;
  #agent: TreeAgent | undefined;
  #refused: Refusal[] = [];
  readonly #tally = new Tally();

  constructor(options: PullOptions) {
    this.#options = options;
    this.#rules = ignore({ ignorecase: false }).add(options.exclude.map(fromText).join('\n'));
  }

  /** Starts the agent in the machine. With `onChange` it tells of changes in what was pulled once. */
  async connect(onChange?: () => void): Promise<{ ended: Promise<Error> }> {
    const { start, signal, from } = this.#options;
    const agent = new TreeAgent(start, signal, (refusal) => this.#refused.push(refusal));
    try {
      await agent.hello({ root: from, owner: '0', id: 'pull', isReadOnly: true });
      if (onChange) {
        agent.onChange = onChange;
        await agent.ask('i', 'I');
      }
    } catch (error) {
      agent.kill();
      throw error;
    }
    this.#agent = agent;
    return { ended: agent.ended };
  }

  /** What is on its way. */
  get sending(): Sending | undefined {
    return this.#tally.sending;
  }

  async pull(): Promise<PullResult> {
    const agent = this.#agent;
    if (!agent) throw new Error('the machine is not connected');
    const { to } = this.#options;
    this.#refused = [];
    const answers = await agent.ask('t', 'T');
    const there = new Map(
      answers
        .flatMap(({ type, payload }) => (type === 'l' ? parsePairs(payload) : []))
        .filter(([path, stamp]) => stamp !== '?' && !this.#isIgnored(path, stamp)),
    );
    const notes = await this.#load();
    const isHere = ([path, stamp]: [string, string]): boolean => {
      const note = notes.get(path);
      return note?.there === stamp && note.here === stampHere(to, path);
    };
    const todo = [...there].filter((one) => !isHere(one));
    const gone = [...notes.keys()].filter((path) => !there.has(path));
    await mkdir(to, { recursive: true });
    // What is ours must be known before it is there.
    for (const [path] of todo) notes.set(path, { there: '', here: '' });
    if (todo.length > 0) await this.#save(notes);
    for (const path of gone.sort((a, b) => depthOf(b) - depthOf(a))) {
      await this.#remove(path);
      notes.delete(path);
    }
    for (const [path, stamp] of todo)
      if (isFile(stamp)) this.#tally.add(path, parseFileStamp(stamp).size);
    let bytes = 0;
    const fetched: string[] = [];
    for (const [path, stamp] of todo.sort(([a], [b]) => depthOf(a) - depthOf(b))) {
      try {
        bytes += await this.#fetch(agent, path, stamp);
        fetched.push(path);
        notes.set(path, { there: stamp, here: stampHere(to, path) ?? '' });
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code;
        if (code === undefined) throw error;
        this.#refused.push({ path, reason: `on this host: ${code}` });
      }
      this.#tally.done(path);
    }
    if (todo.length + gone.length > 0) await this.#save(notes);
    const isThere = answers.at(-1)?.payload.length === 1;
    return { isThere, fetched, removed: gone, refused: this.#refused, bytes };
  }

  async close(): Promise<void> {
    await this.#agent?.close();
  }

  #isIgnored(path: string, stamp: string): boolean {
    for (let one = path; one !== ''; one = folderOf(one))
      if (this.#rules.ignores(one === path && !isFolder(stamp) ? one : `${one}/`)) return true;
    return false;
  }

  async #fetch(agent: TreeAgent, path: string, stamp: string): Promise<number> {
    const { to } = this.#options;
    const target = toBytes(to, path);
    refuseLinks(to, path);
    const here = stampHere(to, path);
    if (isFolder(stamp)) {
      if (here !== undefined && !isFolder(here)) await unlink(target);
      await mkdir(target, { recursive: true });
      await chmod(target, folderMode(stamp));
      return 0;
    }
    if (isFolder(here)) await rmdir(target);
    if (!isFile(stamp)) {
      await rm(target, { force: true });
      await symlink(Buffer.from(stamp.slice(1), 'latin1'), target);
      return 0;
    }
    return this.#fetchFile(agent, path, target);
  }

  async #fetchFile(agent: TreeAgent, path: string, target: Buffer): Promise<number> {
    const fresh = Buffer.concat([target, Buffer.from(`.skerry-${process.pid}`)]);
    const file = openSync(fresh, 'wx', 0o600);
    let bytes = 0;
    try {
      const end = await agent.askForMuch(
        'v',
        // Written at once: so the machine sends no faster than the disk takes it.
        ({ payload }) => {
          bytes += writeAll(file, payload);
          this.#tally.sent(path, payload.length);
        },
        'G',
        Buffer.from(path, 'latin1'),
      );
      const stamp = end?.payload.toString('latin1') ?? '';
      if (!isFile(stamp)) return 0;
      const { mode, seconds, nanoseconds } = parseFileStamp(stamp);
      const date = Number(seconds) + nanoseconds / 1e9;
      fchmodSync(file, mode);
      futimesSync(file, date, date);
      await rename(fresh, target);
    } finally {
      closeSync(file);
      await rm(fresh, { force: true });
    }
    return bytes;
  }

  async #remove(path: string): Promise<void> {
    const { to } = this.#options;
    const here = stampHere(to, path);
    if (here === undefined) return;
    try {
      refuseLinks(to, path);
      if (isFolder(here)) await rmdir(toBytes(to, path));
      else await unlink(toBytes(to, path));
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      // A folder with something else in it stays.
      if (code !== 'ENOTEMPTY') this.#refused.push({ path, reason: `on this host: ${code}` });
    }
  }

  async #load(): Promise<Map<string, Note>> {
    const text = await readFile(this.#options.index, 'latin1').catch(() => '');
    const words = text.split('\0');
    const notes = new Map<string, Note>();
    for (let at = 0; at + 2 < words.length; at += 3)
      notes.set(words[at] ?? '', { there: words[at + 1] ?? '', here: words[at + 2] ?? '' });
    return notes;
  }

  async #save(notes: ReadonlyMap<string, Note>): Promise<void> {
    const { index } = this.#options;
    const text = [...notes].map(([path, { there, here }]) => `${path}\0${there}\0${here}\0`);
    await mkdir(dirname(index), { recursive: true });
    // Somebody else may be writing it too.
    const fresh = `${index}.new-${process.pid}`;
    await writeFile(fresh, text.join(''), 'latin1');
    await rename(fresh, index);
  }
}

/** A path that was fetched: what it was in the machine, and what it became here, whose dates are less exact. */
interface Note {
  readonly there: string;
  readonly here: string;
}

/** The file that notes what was fetched into a folder. */
export function pullIndex(stateDir: string, machine: string, to: string): string {
  const id = createHash('sha256').update(`${machine}\0${to}`).digest('hex').slice(0, 16);
  return `${stateDir}/pulled/${id}`;
}

function stampHere(to: string, path: string): string | undefined {
  const bytes = toBytes(to, path);
  try {
    const stats = lstatSync(bytes, { bigint: true });
    return stampOf(stats, () => readlinkSync(bytes, 'buffer').toString('latin1'));
  } catch {
    return undefined;
  }
}

/** Every folder above it is a real one. */
function refuseLinks(to: string, path: string): void {
  for (let folder = folderOf(path); folder !== ''; folder = folderOf(folder)) {
    const stats = lstatSync(toBytes(to, folder), { throwIfNoEntry: false });
    if (stats && !stats.isDirectory())
      throw Object.assign(new Error(`${folder} is no folder`), { code: 'ENOTDIR' });
  }
}

function writeAll(file: number, data: Buffer): number {
  for (let at = 0; at < data.length;) at += writeSync(file, data, at);
  return data.length;
}
