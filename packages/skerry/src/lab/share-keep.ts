// Keeps a tree with `mode: 'share'` mounted in one machine: this process answers what the machine asks of the folder.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TreeSpec } from '../lab-file/spec-sync.ts';
import { lossOf } from '../sandbox/gateway.ts';
import { nobodyListens } from '../util/nobody-listens.ts';
import { BOOT, type StartProgram } from '../sync/agent.ts';
import { WriteQueue } from '../sync/queue.ts';
import { ShareServer } from '../sync/share-server.ts';
import { SkerryError } from '../util/errors.ts';
import type { LiveEvent, TreeState } from './live-protocol.ts';

export interface ShareKeepOptions {
  readonly tree: TreeSpec;
  readonly machine: string;
  /** Runs a program in the machine. */
  readonly start: StartProgram;
  readonly signal: AbortSignal;
  readonly onEvent: (event: LiveEvent) => void;
}

const SCRIPT = new URL('../../share/share-agent.pl', import.meta.url);
const RETRY_MS = { first: 250, most: 5000 };
/** So long answers may be on their way when it is told to end. */
const SETTLE_MS = 1000;

export class ShareKeep {
  readonly #options: ShareKeepOptions;
  #isConnected = false;
  #reason = '';
  #waiting: (() => void)[] = [];
  #wake = new AbortController();
  readonly #stop = new AbortController();
  #kept: Promise<void> | undefined;

  constructor(options: ShareKeepOptions) {
    this.#options = options;
  }

  get state(): TreeState {
    const { tree, machine } = this.#options;
    const [connected, reason] = [this.#isConnected, this.#reason];
    const { mode, from, to } = tree;
    return { mode, from, to, machine, connected, reason, refused: 0 };
  }

  /** Resolves when the machine has it, or has said why not. */
  whenReady(): Promise<void> {
    if (this.#isConnected) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Tries again now, where it waits. */
  wake(): void {
    this.#wake.abort();
  }

  /** Goes on until the signal fires or `end` is called; a machine that was away is looked for again. */
  keep(): Promise<void> {
    return (this.#kept ??= this.#keep());
  }

  /**
   * Takes no more requests. Resolves when the machine has the answers to those that were taken, or after a second: what it
   * has no answer to it asks again of who comes next, and a folder that was made then is there already.
   */
  async end(): Promise<void> {
    this.#stop.abort();
    await this.#kept;
  }

  async #keep(): Promise<void> {
    const { tree, machine, onEvent } = this.#options;
    const signal = AbortSignal.any([this.#options.signal, this.#stop.signal]);
    let delay = RETRY_MS.first;
    while (!signal.aborted) {
      let isFinal = false;
      const reason = await this.#serve(signal, () => (delay = RETRY_MS.first)).catch(
        (error: unknown) => {
          // What the machine itself says will not get better by waiting.
          isFinal = !nobodyListens(error) && !(error instanceof SkerryError);
          return lossOf(error);
        },
      );
      this.#isConnected = false;
      if (signal.aborted) return;
      const { mode, from, to } = tree;
      if (reason !== this.#reason) onEvent({ mode, from, to, machine, kind: 'lost', reason });
      this.#reason = reason;
      if (isFinal) this.#release();
      this.#wake = new AbortController();
      const stop = AbortSignal.any([signal, this.#wake.signal]);
      await sleep(delay, undefined, { signal: stop }).catch(() => {});
      delay = Math.min(delay * 2, RETRY_MS.most);
    }
  }

  /** As long as the machine is there; gives the reason when it is not. */
  async #serve(signal: AbortSignal, onConnect: () => void): Promise<string> {
    const { tree, start } = this.#options;
    const script = readFileSync(SCRIPT);
    const queue = new WriteQueue();
    queue.push(script);
    let server: ShareServer | undefined;
    let [hello, complaint] = ['', ''];
    const answer = (data: Buffer): void => {
      for (const reply of server?.take(data) ?? []) queue.push(reply);
    };
    const take = (data: Buffer): void => {
      if (signal.aborted) return;
      if (server) return answer(data);
      hello += data.toString('latin1');
      const end = hello.indexOf('\n');
      if (end === -1) return;
      const [uid = 0, gid = 0] = hello.slice(0, end).split(' ').map(Number);
      server = new ShareServer(tree.from, { uid, gid });
      onConnect();
      this.#isConnected = true;
      this.#reason = '';
      this.#release();
      answer(Buffer.from(hello.slice(end + 1), 'latin1'));
    };
    // Looked at first: nothing is mounted of a folder that is not there.
    try {
      new ShareServer(tree.from, { uid: 0, gid: 0 }).close();
    } catch (cause) {
      const { code = String(cause) } = cause as NodeJS.ErrnoException;
      // Not the error itself, whose code would say that the lab is off.
      throw new Error(`${tree.from} cannot be read here (${code})`, { cause });
    }
    const id = createHash('sha256')
      .update([tree.from, tree.to, tree.owner].join('\0'))
      .digest('hex');
    const words = [String(script.length), id.slice(0, 12), tree.to, tree.owner];
    const late = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    // The agent ends when the holder has read all that came before the end of its input.
    const settle = (): void => {
      queue.end();
      timer = setTimeout(() => late.abort(), server ? SETTLE_MS : 0);
    };
    signal.addEventListener('abort', settle, { once: true });
    try {
      await start(['/usr/bin/perl', '-e', BOOT, ...words], {
        input: queue,
        onOutput: (stream, data) => {
          if (stream === 'stderr') complaint += data.toString('utf8');
          else take(data);
        },
        signal: late.signal,
      });
    } finally {
      signal.removeEventListener('abort', settle);
      clearTimeout(timer);
      queue.end();
      server?.close();
    }
    if (complaint === '' && server) return 'its mount has ended';
    throw new Error(complaint.trim() || 'the share agent in the machine has ended');
  }

  #release(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
