// A folder of a machine, brought to this host: what is new or other there is fetched, what was fetched and is gone there
// is removed here. Nothing else here is touched, and nothing is written through a link.
import { closeSync, fchmodSync, futimesSync, openSync } from 'node:fs';
import { mkdir, rename, rm, rmdir, symlink, unlink } from 'node:fs/promises';
import ignore, { type Ignore } from 'ignore';
import { lockFile } from '../util/file-lock.ts';
import { type Refusal, type StartProgram, TreeAgent } from './agent.ts';
import { parsePairs } from './messages.ts';
import { depthOf, folderOf, fromText, toBytes } from './paths.ts';
import { HIDDEN, OpenFolders, refusalOf, refuseLinks, stampHere, writeAll } from './pull-here.ts';
import { isOurs, loadNotes, type Note, saveNotes, yetToCome } from './pull-notes.ts';
import { Rests } from './pull-rests.ts';
import { removeLeft, tempFor, TEMPS } from './pull-temp.ts';
import { type Sending, Tally } from './tally.ts';
import { folderMode, isFile, isFolder, parseFileStamp } from './stamp.ts';

/** As long as the other one may take for what is large. */
const LOCK_MS = 30 * 60_000;

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
  /** Why nothing was removed here, although nothing of what was fetched is there any more. */
  readonly problem?: string | undefined;
  /** So many milliseconds until something that could not be had, or changes all the time, is to be tried again. */
  readonly restMs?: number | undefined;
}

export class PullTree {
  readonly #options: PullOptions;
  readonly #rules: Ignore;
  #agent: TreeAgent | undefined;
  #refused: Refusal[] = [];
  #isSwept = false;
  readonly #rests = new Rests();
  readonly #tally = new Tally();

  constructor(options: PullOptions) {
    this.#options = options;
    const rules = [TEMPS, ...options.exclude.map(fromText)];
    this.#rules = ignore({ ignorecase: false }).add(rules.join('\n'));
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

  /** One at a time of those with the same index, whichever process they are of: each would lose what the other notes. */
  async pull(): Promise<PullResult> {
    const agent = this.#agent;
    if (!agent) throw new Error('the machine is not connected');
    const { from, index, signal } = this.#options;
    const holder = `the pull of ${from}`;
    await using _lock = await lockFile(`${index}.lock`, { holder, timeoutMs: LOCK_MS, signal });
    return await this.#pull(agent);
  }

  async #pull(agent: TreeAgent): Promise<PullResult> {
    const { to, index } = this.#options;
    this.#refused = [];
    const answers = await agent.ask('t', 'T');
    const isThere = answers.at(-1)?.payload.length === 1;
    const there = new Map(
      answers
        .flatMap(({ type, payload }) => (type === 'l' ? parsePairs(payload) : []))
        .filter(([path, stamp]) => stamp !== '?' && !this.#isIgnored(path, stamp)),
    );
    const notes = await loadNotes(index);
    const isHere = ([path, stamp]: [string, string]): boolean => {
      const note = notes.get(path);
      const here = stampHere(to, path);
      // Of what its folder hides from us we know what we noted.
      return note?.there === stamp && (note.here === here || here === HIDDEN);
    };
    const problem = there.size === 0 ? this.#nothingThere(notes) : undefined;
    const lacking = [...there].filter((one) => !isHere(one));
    this.#refused = this.#refused.filter(({ path }) => !this.#isIgnored(path, 'd'));
    // Nothing is known of what is in these.
    const hidden = new Set(this.#refused.map(({ path }) => path));
    const isHidden = (path: string): boolean =>
      path !== '' && (hidden.has(path) || isHidden(folderOf(path)));
    const missing = [...notes.keys()].filter((path) => !there.has(path) && !isHidden(path));
    const gone = problem === undefined ? missing : [];
    const wanted = [...lacking.map(([path]) => path), ...gone];
    const resting = new Set(wanted.filter((path) => this.#rests.of(path)));
    await mkdir(to, { recursive: true });
    if (!this.#isSwept) await removeLeft(to, notes.keys());
    this.#isSwept = true;
    const todo = lacking.filter(([path]) => !resting.has(path));
    // What is ours must be known before it is there; what was here before is not.
    for (const [path] of todo)
      if (!isOurs(notes.get(path))) notes.set(path, yetToCome(stampHere(to, path)));
    if (todo.length > 0) await saveNotes(index, notes);
    const done = await this.#perform(
      agent,
      todo,
      gone.filter((path) => !resting.has(path)),
      notes,
    );
    const refused = this.#refused;
    for (const { path, reason } of refused) this.#rests.failed(path, reason);
    const restMs = this.#rests.nextMs([...resting, ...refused.map(({ path }) => path)]);
    for (const path of resting) {
      const reason = this.#rests.of(path)?.reason;
      if (reason !== undefined) refused.push({ path, reason });
    }
    return { isThere, ...done, refused, problem, restMs };
  }

  /** Fetches and removes, and notes what has become of it. */
  async #perform(
    agent: TreeAgent,
    todo: [string, string][],
    gone: string[],
    notes: Map<string, Note>,
  ): Promise<Pick<PullResult, 'fetched' | 'removed' | 'bytes'>> {
    const { to, index } = this.#options;
    const folders = new OpenFolders(to);
    const fetched: [string, string][] = [];
    const removed: string[] = [];
    let bytes = 0;
    try {
      for (const path of gone.sort((a, b) => depthOf(b) - depthOf(a))) {
        const outcome = await this.#remove(path, notes.get(path), folders);
        if (outcome !== 'refused') notes.delete(path);
        if (outcome === 'removed') removed.push(path);
      }
      for (const [path, stamp] of todo)
        if (isFile(stamp)) this.#tally.add(path, parseFileStamp(stamp).size);
      for (const [path, stamp] of todo.sort(([a], [b]) => depthOf(a) - depthOf(b))) {
        try {
          const began = performance.now();
          const count = await this.#fetch(agent, path, stamp, folders);
          if (count !== undefined) {
            bytes += count;
            fetched.push([path, stamp]);
            this.#rests.fetched(path, count, performance.now() - began);
          }
        } catch (error) {
          if (agent.hasEnded) throw error;
          this.#refuse(path, error);
        }
        this.#tally.done(path);
      }
    } finally {
      // As long as its folder may be looked into.
      const files = fetched.filter(([, stamp]) => !isFolder(stamp));
      const note = ([path, stamp]: [string, string]): void =>
        void notes.set(path, { there: stamp, here: stampHere(to, path) ?? '' });
      files.forEach(note);
      folders.close((folder, error) => this.#refuse(folder, error));
      fetched.filter(([, stamp]) => isFolder(stamp)).forEach(note);
      if (todo.length + gone.length > 0) await saveNotes(index, notes);
    }
    return { fetched: fetched.map(([path]) => path), removed, bytes };
  }

  /** A machine that was made anew, or has not mounted its disk yet, is no reason to remove all that came from it. */
  #nothingThere(notes: ReadonlyMap<string, Note>): string | undefined {
    const { from, to } = this.#options;
    const paths = [...notes.keys()].filter((path) => stampHere(to, path) !== undefined).length;
    return paths === 0
      ? undefined
      : `nothing is in ${from} there any more: what came from it (${paths} ${paths === 1 ? 'path' : 'paths'}) stays here until something is, or you remove it`;
  }

  /** @throws what has nothing to do with that path */
  #refuse(path: string, error: unknown): void {
    const reason = refusalOf(error);
    if (reason === undefined) throw error;
    this.#refused.push({ path, reason });
  }

  async close(): Promise<void> {
    await this.#agent?.close();
  }

  #isIgnored(path: string, stamp: string): boolean {
    for (let one = path; one !== ''; one = folderOf(one))
      if (this.#rules.ignores(one === path && !isFolder(stamp) ? one : `${one}/`)) return true;
    return false;
  }

  /** Gives the bytes of content; undefined of a file that could not be had whole. */
  async #fetch(
    agent: TreeAgent,
    path: string,
    stamp: string,
    folders: OpenFolders,
  ): Promise<number | undefined> {
    const { to } = this.#options;
    const target = toBytes(to, path);
    refuseLinks(to, path);
    folders.openAbove(path);
    const here = stampHere(to, path);
    if (isFolder(stamp)) {
      if (here !== undefined && !isFolder(here)) await unlink(target);
      await mkdir(target, { recursive: true });
      folders.set(path, folderMode(stamp));
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

  async #fetchFile(agent: TreeAgent, path: string, target: Buffer): Promise<number | undefined> {
    const fresh = toBytes(this.#options.to, tempFor(path));
    const file = openSync(fresh, 'wx', 0o600);
    let bytes = 0;
    let failure: unknown;
    try {
      const end = await agent.askForMuch(
        'v',
        // Written at once: so the machine sends no faster than the disk takes it.
        ({ payload }) => {
          this.#tally.sent(path, payload.length);
          if (failure !== undefined) return;
          try {
            bytes += writeAll(file, payload);
          } catch (error) {
            // What is still on its way of it has to be taken all the same.
            failure = error;
          }
        },
        'G',
        Buffer.from(path, 'latin1'),
      );
      if (failure !== undefined) throw failure;
      const stamp = end?.payload.toString('latin1') ?? '';
      if (!isFile(stamp)) return undefined;
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

  /** What cannot be removed is tried again; what is left is not ours. */
  async #remove(
    path: string,
    note: Note | undefined,
    folders: OpenFolders,
  ): Promise<'removed' | 'left' | 'refused'> {
    const { to } = this.#options;
    if (stampHere(to, path) === undefined) return 'removed';
    try {
      refuseLinks(to, path);
      folders.openAbove(path);
      const here = stampHere(to, path);
      // One of the user's own was in the place of what never came.
      if (!isOurs(note) && note?.here === here) return 'left';
      if (isFolder(here)) await rmdir(toBytes(to, path));
      else await unlink(toBytes(to, path));
    } catch (error) {
      // A folder with something else in it stays.
      if ((error as NodeJS.ErrnoException).code === 'ENOTEMPTY') return 'left';
      this.#refuse(path, error);
      return 'refused';
    }
    return 'removed';
  }
}
