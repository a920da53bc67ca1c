// What is spoken on the guest channel, between share/guest-helper.pl in a machine, the supervisor's relay and a command
// on the host. After a magic word, frames follow: length u32, session u32, type u8, payload; big-endian. A side that
// begins anew says the magic word again, at any place in the stream: no frame can begin like it.

/** The types, and what their payload is. */
export const FRAME = {
  /** Guest to host, first of all: who it is, new at each start of the helper. */
  hello: 1,
  /** Starts a command: folder, number of variables, variables, program, arguments; each ended by a NUL. */
  open: 2,
  /** For the command's stdin. */
  input: 3,
  inputEnd: 4,
  /** Nobody waits for the command any more: it is killed with all its children. */
  close: 5,
  /** Bytes u32 the other side may send more: of input (to the host) or of output (to the guest). */
  credit: 6,
  stdout: 7,
  stderr: 8,
  /** Exit code u8, signal u8: the command has ended, and this was all it wrote. */
  exit: 9,
  /** Guest to host: the helper was told to stop. */
  bye: 10,
} as const;

export const MAGIC: Buffer = Buffer.from('\xffskerry-guest-1\n', 'latin1');
export const MAX_PAYLOAD: number = 32 * 1024;
/** Bytes each side may send before the first credit. */
export const WINDOW: number = 256 * 1024;
const HEADER = 9;
const NOTHING = new Uint8Array(0);

export interface Frame {
  readonly session: number;
  readonly type: number;
  readonly payload: Buffer;
}

/** Builds one frame. `payload` is at most MAX_PAYLOAD bytes. */
export function formatFrame(session: number, type: number, payload: Uint8Array = NOTHING): Buffer {
  const frame = Buffer.allocUnsafe(HEADER + payload.length);
  frame.writeUInt32BE(payload.length, 0);
  frame.writeUInt32BE(session, 4);
  frame.writeUInt8(type, 8);
  frame.set(payload, HEADER);
  return frame;
}

export function formatCredit(session: number, bytes: number): Buffer {
  const payload = Buffer.allocUnsafe(4);
  payload.writeUInt32BE(bytes);
  return formatFrame(session, FRAME.credit, payload);
}

/** Cuts a stream into frames. Bytes before the first magic word, and those that cannot be a frame, are dropped. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);
  #inFrames: boolean;

  /** @param inFrames the stream begins with a frame, without the magic word */
  constructor(inFrames: boolean) {
    this.#inFrames = inFrames;
  }

  /** The frames that are whole with `chunk`. Their payloads share its memory. */
  push(chunk: Buffer): Frame[] {
    let data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const frames: Frame[] = [];
    for (;;) {
      if (!this.#inFrames) {
        const at = data.indexOf(MAGIC);
        if (at === -1) {
          data = data.subarray(Math.max(0, data.length - MAGIC.length + 1));
          break;
        }
        data = data.subarray(at + MAGIC.length);
        this.#inFrames = true;
      }
      if (data.length < HEADER) break;
      const length = data.readUInt32BE(0);
      if (length > MAX_PAYLOAD) {
        this.#inFrames = false;
        continue;
      }
      if (data.length < HEADER + length) break;
      frames.push({
        session: data.readUInt32BE(4),
        type: data.readUInt8(8),
        payload: data.subarray(HEADER, HEADER + length),
      });
      data = data.subarray(HEADER + length);
    }
    this.#rest = data;
    return frames;
  }
}
