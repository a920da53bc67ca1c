import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { killGroup } from '../../util/kill-group.ts';
import { gitFailure } from '../git-failure.ts';
import { spawnGit } from '../git.ts';

export interface ReadObject {
  readonly id: string;
  readonly type: string;
  readonly size: number;
  /** Its content, piece by piece; has to be read to its end before the next object. */
  readonly chunks: AsyncIterable<Buffer>;
}

const ARGS = ['cat-file', '--batch', '--buffer'];

/**
 * Reads objects of a repository in the order they are asked for, with one process, and never holds more than a piece of
 * one in memory.
 */
export class ObjectReader implements AsyncDisposable {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #gitDir: string;
  readonly #signal: AbortSignal | undefined;
  readonly #kill: () => void;
  readonly #pieces: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);
  #stderr = '';

  constructor(gitDir: string, ids: Iterable<string>, signal?: AbortSignal) {
    signal?.throwIfAborted();
    this.#gitDir = gitDir;
    this.#signal = signal;
    this.#child = spawnGit(ARGS, { cwd: gitDir });
    this.#kill = () => killGroup(this.#child.pid);
    signal?.addEventListener('abort', this.#kill, { once: true });
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text));
    this.#child.on('error', () => {});
    this.#child.stdin.on('error', () => {});
    Readable.from(lines(ids)).pipe(this.#child.stdin);
    this.#pieces = this.#child.stdout[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  /** @throws SP_GIT when the object is not there or git failed */
  async next(): Promise<ReadObject> {
    let end = this.#rest.indexOf(10);
    while (end < 0) {
      this.#rest = Buffer.concat([this.#rest, await this.#piece()]);
      end = this.#rest.indexOf(10);
    }
    const line = this.#rest.toString('latin1', 0, end);
    this.#rest = this.#rest.subarray(end + 1);
    const [id = '', type = '', size] = line.split(' ');
    if (size === undefined) throw this.#failure(line);
    return { id, type, size: Number(size), chunks: this.#content(Number(size)) };
  }

  async *#content(size: number): AsyncGenerator<Buffer> {
    // A line feed follows the content.
    for (let left = size + 1; left > 0;) {
      const piece = this.#rest.length > 0 ? this.#rest : await this.#piece();
      const taken = piece.subarray(0, left);
      this.#rest = piece.subarray(taken.length);
      left -= taken.length;
      const content = left === 0 ? taken.subarray(0, -1) : taken;
      if (content.length > 0) yield content;
    }
  }

  async #piece(): Promise<Buffer> {
    const { value, done } = await this.#pieces.next();
    this.#signal?.throwIfAborted();
    if (done) throw this.#failure('it ended too early');
    return value;
  }

  #failure(reason: string): Error {
    return gitFailure(ARGS, { cwd: this.#gitDir }, this.#stderr || reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#signal?.removeEventListener('abort', this.#kill);
    const { exitCode, signalCode, pid } = this.#child;
    if (exitCode !== null || signalCode !== null || pid === undefined) return;
    const ended = once(this.#child, 'exit').catch(() => {});
    this.#kill();
    // It may be full: nobody reads it any more.
    this.#child.stdout.destroy();
    this.#child.stdin.destroy();
    await ended;
  }
}

function* lines(ids: Iterable<string>): Generator<string> {
  for (const id of ids) yield `${id}\n`;
}
