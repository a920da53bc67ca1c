// The host's side of share/tree-agent.pl, which runs in the machine for as long as a tree is looked after.
import { readFileSync } from 'node:fs';
import { formatMessage, type Message, MessageReader, parseRefusal } from './messages.ts';
import { WriteQueue } from './queue.ts';

/** Runs a command somewhere, with its input and output as they come. Resolves when it has ended. */
export type StartProgram = (
  command: readonly string[],
  io: {
    readonly input: AsyncIterable<Buffer>;
    readonly onOutput: (stream: 'stdout' | 'stderr', data: Buffer) => void;
    readonly signal: AbortSignal;
  },
) => Promise<unknown>;

export interface AgentOptions {
  /** Where the tree is in the machine: absolute. */
  readonly root: string;
  /** `user` or `user:group`. */
  readonly owner: string;
  /** What tells this tree from others in the machine: letters and digits. */
  readonly id: string;
  /** Only look: another may be writing meanwhile. */
  readonly isReadOnly?: boolean;
}

/** Something the machine would not do. */
export interface Refusal {
  readonly path: string;
  readonly reason: string;
}

interface Asked {
  readonly until: string;
  readonly messages: Message[];
  readonly onMessage: ((message: Message) => void) | undefined;
  readonly resolve: (messages: readonly Message[]) => void;
  readonly reject: (reason: Error) => void;
}

const SCRIPTS = ['tree-agent.pl', 'tree-index.pl', 'tree-undo.pl', 'tree-look.pl'].map(
  (name) => new URL(`../../share/${name}`, import.meta.url),
);
/** Perl that reads a script from stdin, and leaves the rest of that to it. */
export const BOOT =
  'my ($n, $s) = ($ARGV[0], ""); sysread STDIN, $s, $n - length $s, length $s or exit 1 while length $s < $n; eval $s; die $@ if $@';

export class TreeAgent {
  readonly #queue = new WriteQueue();
  readonly #asked: Asked[] = [];
  readonly #stop = new AbortController();
  readonly #onRefusal: (refusal: Refusal) => void;
  /** Called when something in a tree that is watched has changed. */
  onChange = (): void => {};
  /** Settles when the program has ended, with the reason. */
  readonly ended: Promise<Error>;
  #error: Error | undefined;

  /** Does not wait: `hello` does. */
  constructor(start: StartProgram, signal: AbortSignal, onRefusal: (refusal: Refusal) => void) {
    this.#onRefusal = onRefusal;
    const script = Buffer.concat(SCRIPTS.map((file) => readFileSync(file)));
    const reader = new MessageReader();
    let complaint = '';
    this.#queue.push(script);
    const running = start(['/usr/bin/perl', '-e', BOOT, String(script.length)], {
      input: this.#queue,
      onOutput: (stream, data) => {
        if (stream === 'stderr') complaint += data.toString('utf8');
        else for (const message of reader.push(data)) this.#take(message);
      },
      signal: AbortSignal.any([signal, this.#stop.signal]),
    });
    this.ended = running.then(
      () => this.#end(new Error(complaint.trim() || 'the tree agent in the machine has ended')),
      (error: unknown) => this.#end(error instanceof Error ? error : new Error(String(error))),
    );
  }

  /** Whether it can be asked nothing more. */
  get hasEnded(): boolean {
    return this.#error !== undefined;
  }

  /** What is ours in the machine: pairs of path and stamp. @throws Error with the agent's words */
  hello({ root, owner, id, isReadOnly }: AgentOptions): Promise<readonly Message[]> {
    const fields = [root, owner, id, isReadOnly ? 'read' : 'write'];
    const payload = Buffer.from(fields.join('\0'));
    return this.ask('r', 'H', payload);
  }

  send(type: string, ...parts: readonly (Buffer | string)[]): void {
    this.#queue.push(formatMessage(type, ...parts));
  }

  /** The same beside a push that can be rolled back: it is no part of that. */
  sendAside(type: string, ...parts: readonly (Buffer | string)[]): void {
    this.send('V', 'aside');
    this.send(type, ...parts);
    this.send('V', '');
  }

  /** Resolves when it has taken most of what was sent. @throws Error where it has ended */
  async room(): Promise<void> {
    await this.#queue.room();
    if (this.#error) throw this.#error;
  }

  /** Sends a message; gives all answers up to that of the type `until`, that one as well. */
  ask(
    until: string,
    type: string,
    ...parts: readonly (Buffer | string)[]
  ): Promise<readonly Message[]> {
    return this.#ask(until, undefined, formatMessage(type, ...parts));
  }

  /** The same, where there may be much: each answer but the last goes to `onMessage`, and shares memory with the next. */
  async askForMuch(
    until: string,
    onMessage: (message: Message) => void,
    type: string,
    payload: Buffer,
  ): Promise<Message | undefined> {
    return (await this.#ask(until, onMessage, formatMessage(type, payload))).at(-1);
  }

  #ask(until: string, onMessage: Asked['onMessage'], message: Buffer): Promise<readonly Message[]> {
    if (this.#error) return Promise.reject(this.#error);
    this.#queue.push(message);
    return new Promise((resolve, reject) => {
      this.#asked.push({ until, messages: [], onMessage, resolve, reject });
    });
  }

  /** Lets it do what it was told, and end. */
  async close(): Promise<void> {
    this.#queue.end();
    await this.ended;
  }

  /** Ends it at once. */
  kill(): void {
    this.#stop.abort(new Error('the tree agent was ended'));
  }

  #take(message: Message): void {
    if (message.type === 'e') return this.#onRefusal(parseRefusal(message.payload));
    if (message.type === 'c') return this.onChange();
    const asked = this.#asked[0];
    if (message.type === '!') {
      this.#asked.shift();
      asked?.reject(new Error(message.payload.toString('utf8').trim()));
      return;
    }
    if (!asked) return;
    const isLast = asked.until === message.type;
    if (asked.onMessage && !isLast) asked.onMessage(message);
    // Its payload shares memory that is written again.
    else asked.messages.push({ type: message.type, payload: Buffer.from(message.payload) });
    if (!isLast) return;
    this.#asked.shift();
    asked.resolve(asked.messages);
  }

  #end(error: Error): Error {
    this.#error = error;
    this.#queue.end();
    for (const { reject } of this.#asked.splice(0)) reject(error);
    return error;
  }
}
