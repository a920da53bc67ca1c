// The host's end of the guest channel: one command in a machine, with its input and output as they come.
import { constants } from 'node:os';
import type { Duplex } from 'node:stream';
import { SkerryError } from '../util/errors.ts';
import { FRAME, formatCredit, formatFrame, FrameReader, MAX_PAYLOAD, WINDOW } from './frames.ts';

/** A way into one machine, for one command; gateway.ts opens it. */
export interface GuestChannel {
  readonly machine: string;
  readonly stream: Duplex;
}

export interface ExecOptions {
  readonly signal?: AbortSignal | undefined;
  /** For the command's stdin, read as it takes it; empty otherwise. It may be left unread. */
  readonly input?: AsyncIterable<Uint8Array> | Iterable<Uint8Array> | undefined;
  /** More environment, as NAME=value. */
  readonly env?: readonly string[];
  /** The command waits while the promise is open and 256 KiB are on the way. */
  readonly onOutput?: (stream: 'stdout' | 'stderr', data: Buffer) => void | Promise<unknown>;
}

export interface ExecResult {
  /** 0-255; undefined when a signal ended it. 127: no such program, 126: it cannot be run. */
  readonly exitCode: number | undefined;
  /** Such as SIGTERM; undefined when it ended by itself. */
  readonly signal: string | undefined;
}

/** Of what runs in a guest: the helper's own environment has next to nothing in it. */
const GUEST_ENV = [
  'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  'HOME=/root',
  'USER=root',
  'LOGNAME=root',
  'SHELL=/bin/bash',
  'LANG=C.UTF-8',
];
const HOME = '/root';

/**
 * Runs `command` (program and arguments) and resolves when it has ended. What it left running goes on. An abort, or the
 * end of this process, kills it and its children.
 * @throws GUEST_LOST when the machine or its helper goes away
 */
export async function execInGuest(
  { machine, stream }: GuestChannel,
  command: readonly string[],
  options: ExecOptions = {},
): Promise<ExecResult> {
  const { signal, onOutput } = options;
  const { promise: failed, reject: fail } = Promise.withResolvers<never>();
  failed.catch(() => stream.destroy());
  const abort = (): void => fail(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  const input = new InputWriter(stream);
  try {
    signal?.throwIfAborted();
    stream.write(formatFrame(0, FRAME.open, formatCommand(command, options.env ?? [])));
    input.send(options.input ?? []).catch(fail);
    const reader = new FrameReader(true);
    let taken = 0;
    for await (const chunk of stream) {
      for (const { type, payload } of reader.push(chunk as Buffer)) {
        if (type === FRAME.exit) return parseExit(payload);
        if (type === FRAME.credit) input.allow(payload.readUInt32BE(0));
        if (type !== FRAME.stdout && type !== FRAME.stderr) continue;
        const shown = onOutput?.(type === FRAME.stdout ? 'stdout' : 'stderr', payload);
        if (shown) await Promise.race([shown, failed]);
        taken += payload.length;
      }
      if (taken < WINDOW / 4) continue;
      stream.write(formatCredit(0, taken));
      taken = 0;
    }
    throw new SkerryError('GUEST_LOST', { data: { machine } });
  } catch (error) {
    signal?.throwIfAborted();
    // What the input failed with, if it did.
    await Promise.race([failed, Promise.resolve()]);
    if (error instanceof SkerryError) throw error;
    throw new SkerryError('GUEST_LOST', { data: { machine }, cause: error });
  } finally {
    signal?.removeEventListener('abort', abort);
    input.stop();
    stream.destroy();
  }
}

export interface ScriptResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What reads a script from its stdin: the shell, or the helper itself, which costs the guest no new program. */
const INTERPRETER = { sh: ['/bin/sh', '-s'], perl: ['!perl'] } as const;

export interface ScriptOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs: number;
  /** `sh` unless told. `perl` has perl-base only, and no modules but by `require`. */
  readonly language?: keyof typeof INTERPRETER;
}

/**
 * Runs a script and gives all its output at the end. It goes in by stdin: what it holds (keys) is in nobody's
 * argument list.
 * @throws GUEST_SCRIPT_TIMEOUT after `timeoutMs`; the script is then killed
 */
export async function runScript(
  channel: GuestChannel,
  script: string,
  options: ScriptOptions,
): Promise<ScriptResult> {
  const output = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  const deadline = AbortSignal.timeout(options.timeoutMs);
  try {
    const { exitCode, signal } = await execInGuest(channel, INTERPRETER[options.language ?? 'sh'], {
      signal: options.signal ? AbortSignal.any([options.signal, deadline]) : deadline,
      input: [Buffer.from(script)],
      onOutput: (stream, data) => void output[stream].push(Buffer.from(data)),
    });
    return {
      exitCode: exitCode ?? 128 + signalNumber(signal),
      stdout: Buffer.concat(output.stdout).toString('utf8'),
      stderr: Buffer.concat(output.stderr).toString('utf8'),
    };
  } catch (error) {
    if (deadline.aborted && !options.signal?.aborted)
      throw new SkerryError('GUEST_SCRIPT_TIMEOUT', {
        data: { machine: channel.machine },
        cause: error,
      });
    throw error;
  }
}

/** Sends input as far as the guest has room for it. */
class InputWriter {
  readonly #stream: Duplex;
  #room = WINDOW;
  #stopped = false;
  #wake = (): void => {};

  constructor(stream: Duplex) {
    this.#stream = stream;
  }

  allow(bytes: number): void {
    this.#room += bytes;
    this.#wake();
  }

  stop(): void {
    this.#stopped = true;
    this.#wake();
  }

  async send(input: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
    for await (const chunk of input) {
      for (let left = chunk; left.length > 0;) {
        if (this.#room === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
        if (this.#stopped) return;
        const piece = left.subarray(0, Math.min(MAX_PAYLOAD, this.#room));
        this.#stream.write(formatFrame(0, FRAME.input, piece));
        this.#room -= piece.length;
        left = left.subarray(piece.length);
      }
    }
    if (!this.#stopped) this.#stream.write(formatFrame(0, FRAME.inputEnd));
  }
}

function formatCommand(command: readonly string[], env: readonly string[]): Buffer {
  const all = [...GUEST_ENV, ...env];
  const fields = [HOME, String(all.length), ...all, ...command];
  const payload = Buffer.from(fields.map((field) => `${field}\0`).join(''));
  const nul = fields.some((field) => field.includes('\0'));
  if (!nul && payload.length <= MAX_PAYLOAD) return payload;
  const detail = nul
    ? 'a command holds a NUL character'
    : `a command and its environment are ${payload.length} bytes, more than ${MAX_PAYLOAD}: send a script by stdin`;
  throw new SkerryError('USAGE', { data: { detail, command: 'skerry exec' } });
}

function parseExit(payload: Buffer): ExecResult {
  const [code, number] = [payload.readUInt8(0), payload.readUInt8(1)];
  return number === 0
    ? { exitCode: code, signal: undefined }
    : { exitCode: undefined, signal: signalName(number) };
}

/** The name of a signal by its number on Linux. Pure. */
export function signalName(number: number): string {
  const found = Object.entries(constants.signals).find(([, value]) => value === number);
  return found?.[0] ?? `signal ${number}`;
}

/** 15 for SIGTERM, as shells count; 0 for a name it does not know. Pure. */
export function signalNumber(name: string | undefined): number {
  return (constants.signals as Readonly<Record<string, number>>)[name ?? ''] ?? 0;
}
