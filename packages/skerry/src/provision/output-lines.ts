import { StringDecoder } from 'node:string_decoder';

const TAIL = 10;
/** Colours and other escapes of terminals (ECMA-48), and their window titles. */
// oxlint-disable-next-line no-control-regex
const ESCAPES = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])/g;

/** Cuts a program's output, as it comes, into lines for people: without colours, and of a progress bar the last state. */
export class OutputLines {
  readonly #onLine: (line: string) => void;
  readonly #rests = { stdout: '', stderr: '' };
  readonly #decoders = { stdout: new StringDecoder('utf8'), stderr: new StringDecoder('utf8') };
  readonly #tail: string[] = [];

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(stream: 'stdout' | 'stderr', data: Buffer): void {
    const lines = (this.#rests[stream] + this.#decoders[stream].write(data)).split('\n');
    this.#rests[stream] = lines.pop() ?? '';
    for (const line of lines) this.#say(line);
  }

  /** What came without a line's end. */
  end(): void {
    for (const stream of ['stdout', 'stderr'] as const) {
      const rest = this.#rests[stream] + this.#decoders[stream].end();
      this.#rests[stream] = '';
      if (rest !== '') this.#say(rest);
    }
  }

  /** The last lines so far. */
  get tail(): readonly string[] {
    return this.#tail;
  }

  #say(raw: string): void {
    const line = (raw.replace(/\r+$/, '').split('\r').at(-1) ?? '').replace(ESCAPES, '').trimEnd();
    if (line === '') return;
    this.#tail.push(line);
    if (this.#tail.length > TAIL) this.#tail.shift();
    this.#onLine(line);
  }
}
