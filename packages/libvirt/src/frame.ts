import { ProtocolError } from './errors.ts';
import { MAX_PACKET, MIN_PACKET } from './limits.ts';

export const PROGRAM: {
  readonly remote: number;
  readonly qemu: number;
  readonly keepalive: number;
} = { remote: 0x20008086, qemu: 0x20008087, keepalive: 0x6b656570 };

export const TYPE: {
  readonly call: 0;
  readonly reply: 1;
  readonly message: 2;
  readonly stream: 3;
  readonly callWithFds: 4;
  readonly replyWithFds: 5;
  readonly streamHole: 6;
} = {
  call: 0,
  reply: 1,
  message: 2,
  stream: 3,
  callWithFds: 4,
  replyWithFds: 5,
  streamHole: 6,
};

export const STATUS: { readonly ok: 0; readonly error: 1; readonly continue: 2 } = {
  ok: 0,
  error: 1,
  continue: 2,
};

export interface Header {
  readonly program: number;
  readonly procedure: number;
  readonly type: number;
  readonly serial: number;
  readonly status: number;
}

export interface Packet extends Header {
  readonly payload: Buffer;
}

const VERSION = 1;

/** One packet: length, header, payload. */
export function encodePacket(header: Header, payload: Uint8Array): Buffer {
  const length = MIN_PACKET + payload.length;
  if (length > MAX_PACKET) {
    throw new ProtocolError(`packet of ${length} bytes exceeds the limit of ${MAX_PACKET}`);
  }
  const packet = Buffer.allocUnsafe(length);
  packet.writeUInt32BE(length, 0);
  packet.writeUInt32BE(header.program, 4);
  packet.writeUInt32BE(VERSION, 8);
  packet.writeInt32BE(header.procedure, 12);
  packet.writeInt32BE(header.type, 16);
  packet.writeUInt32BE(header.serial, 20);
  packet.writeInt32BE(header.status, 24);
  packet.set(payload, MIN_PACKET);
  return packet;
}

/**
 * Cuts a byte stream into packets. Chunks of an unfinished packet are kept in a list and joined
 * once, so a packet of 32 MiB in small chunks costs one copy.
 */
export class PacketParser {
  #chunks: Buffer[] = [];
  #size = 0;
  /** The length of the packet that is being received, once its first 4 bytes are known. */
  #needed = 0;

  /** Takes a chunk, returns the packets that are complete now. Throws on a bad length. */
  *push(chunk: Buffer): Generator<Packet, void, undefined> {
    let rest = chunk;
    while (rest.length > 0) {
      const want = this.#needed === 0 ? 4 : this.#needed;
      if (this.#size + rest.length < want) {
        this.#chunks.push(rest);
        this.#size += rest.length;
        return;
      }
      const missing = want - this.#size;
      const bytes = this.#join(rest.subarray(0, missing), want);
      rest = rest.subarray(missing);
      if (this.#needed === 0) {
        this.#needed = checkedLength(bytes);
        this.#chunks = [bytes];
        this.#size = 4;
      } else {
        this.#needed = 0;
        yield decodePacket(bytes);
      }
    }
  }

  #join(last: Buffer, size: number): Buffer {
    const parts = this.#chunks;
    parts.push(last);
    this.#chunks = [];
    this.#size = 0;
    return parts.length === 1 ? last : Buffer.concat(parts, size);
  }
}

function checkedLength(bytes: Buffer): number {
  const length = bytes.readUInt32BE(0);
  if (length < MIN_PACKET || length > MAX_PACKET) {
    throw new ProtocolError(`packet length ${length} is outside ${MIN_PACKET}..${MAX_PACKET}`);
  }
  return length;
}

function decodePacket(bytes: Buffer): Packet {
  const version = bytes.readUInt32BE(8);
  if (version !== VERSION) throw new ProtocolError(`protocol version ${version} is not supported`);
  return {
    program: bytes.readUInt32BE(4),
    procedure: bytes.readInt32BE(12),
    type: bytes.readInt32BE(16),
    serial: bytes.readUInt32BE(20),
    status: bytes.readInt32BE(24),
    payload: bytes.subarray(MIN_PACKET),
  };
}
