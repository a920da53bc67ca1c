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
  checkSize(payload.length);
  const packet = Buffer.allocUnsafe(MIN_PACKET + payload.length);
  writeHeader(packet, header);
  packet.set(payload, MIN_PACKET);
  return packet;
}

/** The beginning of a packet whose payload is sent right after it. */
export function encodeHeader(header: Header, payloadSize: number): Buffer {
  checkSize(payloadSize);
  const packet = Buffer.allocUnsafe(MIN_PACKET);
  writeHeader(packet, header);
  packet.writeUInt32BE(MIN_PACKET + payloadSize, 0);
  return packet;
}

function checkSize(payloadSize: number): void {
  const length = MIN_PACKET + payloadSize;
  if (length > MAX_PACKET) {
    throw new ProtocolError(`packet of ${length} bytes exceeds the limit of ${MAX_PACKET}`);
  }
}

function writeHeader(packet: Buffer, header: Header): void {
  packet.writeUInt32BE(packet.length, 0);
  packet.writeUInt32BE(header.program, 4);
  packet.writeUInt32BE(VERSION, 8);
  packet.writeInt32BE(header.procedure, 12);
  packet.writeInt32BE(header.type, 16);
  packet.writeUInt32BE(header.serial, 20);
  packet.writeInt32BE(header.status, 24);
}

/** Gives an encoded packet its serial: a call gets it only when it is sent. */
export function setSerial(packet: Buffer, serial: number): void {
  packet.writeUInt32BE(serial, 20);
}

/**
 * Cuts a byte stream into packets. A packet that is whole in its chunk is not copied; another one
 * is collected in a buffer that grows with what has come, never with what was announced. Data of
 * a stream is handed on as it comes, as if it had been sent in smaller packets.
 */
export class PacketParser {
  /** The packet that is being collected; `#have` bytes of it are here. */
  #partial: Buffer = Buffer.alloc(MIN_PACKET);
  #have = 0;
  /** The header of the stream data that is being received; `#missing` bytes are to come. */
  #stream: Header | undefined;
  #missing = 0;

  /** Takes a chunk, hands on what is complete now. Throws {@link ProtocolError} on a bad packet. */
  push(chunk: Buffer, take: (packet: Packet) => void): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#stream !== undefined) at = this.#passOn(this.#stream, chunk, at, take);
      else if (this.#have === 0 && chunk.length - at >= MIN_PACKET) at = this.#cut(chunk, at, take);
      else at = this.#collect(chunk, at, take);
    }
  }

  #passOn(header: Header, chunk: Buffer, at: number, take: (packet: Packet) => void): number {
    const end = Math.min(chunk.length, at + this.#missing);
    this.#missing -= end - at;
    if (this.#missing === 0) this.#stream = undefined;
    take({ ...header, payload: chunk.subarray(at, end) });
    return end;
  }

  /** Begins a packet whose header is in the chunk. Returns where to go on. */
  #cut(chunk: Buffer, at: number, take: (packet: Packet) => void): number {
    const end = at + checkedLength(chunk, at);
    if (end <= chunk.length) {
      take(decodePacket(chunk, at, end));
      return end;
    }
    if (isStreamData(chunk, at)) return this.#startStream(chunk, at, end);
    return this.#collect(chunk, at, take);
  }

  #startStream(bytes: Buffer, at: number, end: number): number {
    this.#stream = decodePacket(bytes, at, at + MIN_PACKET);
    this.#missing = end - at - MIN_PACKET;
    return at + MIN_PACKET;
  }

  #collect(chunk: Buffer, at: number, take: (packet: Packet) => void): number {
    const length = this.#have < MIN_PACKET ? undefined : checkedLength(this.#partial, 0);
    const want = length ?? (this.#have < 4 ? 4 : MIN_PACKET);
    const end = Math.min(chunk.length, at + want - this.#have);
    this.#reserve(this.#have + end - at, want);
    chunk.copy(this.#partial, this.#have, at, end);
    this.#have += end - at;
    if (this.#have === 4) checkedLength(this.#partial, 0);
    if (this.#have === MIN_PACKET && length === undefined) this.#headerIsHere(take);
    else if (this.#have === length) this.#complete(length, take);
    return end;
  }

  #headerIsHere(take: (packet: Packet) => void): void {
    const length = checkedLength(this.#partial, 0);
    if (length === MIN_PACKET) {
      this.#complete(length, take);
    } else if (isStreamData(this.#partial, 0)) {
      this.#startStream(this.#partial, 0, length);
      this.#have = 0;
    }
  }

  #complete(length: number, take: (packet: Packet) => void): void {
    const packet = decodePacket(this.#partial, 0, length);
    this.#partial = Buffer.alloc(MIN_PACKET);
    this.#have = 0;
    take(packet);
  }

  #reserve(size: number, want: number): void {
    if (size <= this.#partial.length) return;
    const grown = Buffer.allocUnsafe(Math.min(want, Math.max(size, this.#partial.length * 2)));
    this.#partial.copy(grown, 0, 0, this.#have);
    this.#partial = grown;
  }
}

function checkedLength(bytes: Buffer, at: number): number {
  const length = bytes.readUInt32BE(at);
  if (length < MIN_PACKET || length > MAX_PACKET) {
    throw new ProtocolError(`packet length ${length} is outside ${MIN_PACKET}..${MAX_PACKET}`);
  }
  return length;
}

function isStreamData(bytes: Buffer, at: number): boolean {
  return (
    bytes.readInt32BE(at + 16) === TYPE.stream && bytes.readInt32BE(at + 24) === STATUS.continue
  );
}

function decodePacket(bytes: Buffer, at: number, end: number): Packet {
  const version = bytes.readUInt32BE(at + 8);
  if (version !== VERSION) throw new ProtocolError(`protocol version ${version} is not supported`);
  return {
    program: bytes.readUInt32BE(at + 4),
    procedure: bytes.readInt32BE(at + 12),
    type: bytes.readInt32BE(at + 16),
    serial: bytes.readUInt32BE(at + 20),
    status: bytes.readInt32BE(at + 24),
    payload: bytes.subarray(at + MIN_PACKET, end),
  };
}
