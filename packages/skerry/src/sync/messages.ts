// What host and machine say to each other about a tree: length (32 bits, big endian), type (one letter), payload.
// share/tree-agent.pl is the other side. Paths are bytes.
import type { FileStamp } from './stamp.ts';

const HEADER = 5;
/** Of a file's content at once. */
export const CHUNK: number = 60 * 1024;

export interface Message {
  readonly type: string;
  readonly payload: Buffer;
}

export function formatMessage(type: string, ...parts: readonly (Buffer | string)[]): Buffer {
  const payload = parts.map((part) =>
    typeof part === 'string' ? Buffer.from(part, 'latin1') : part,
  );
  const length = payload.reduce((sum, part) => sum + part.length, 0);
  const header = Buffer.allocUnsafe(HEADER);
  header.writeUInt32BE(length, 0);
  header.write(type, 4, 'latin1');
  return Buffer.concat([header, ...payload], HEADER + length);
}

/** A text of at most 65535 bytes, with its length before it. */
export function withLength(text: string): Buffer {
  const data = Buffer.allocUnsafe(2 + text.length);
  data.writeUInt16BE(text.length, 0);
  data.write(text, 2, 'latin1');
  return data;
}

/** What comes before a file's content. */
export function fileHead({ mode, size, seconds, nanoseconds }: FileStamp): Buffer {
  const head = Buffer.allocUnsafe(22);
  head.writeUInt16BE(mode, 0);
  head.writeBigInt64BE(BigInt(size), 2);
  head.writeBigInt64BE(seconds, 10);
  head.writeUInt32BE(nanoseconds, 18);
  return head;
}

/** The attributes alone. */
export function attributes({ mode, seconds, nanoseconds }: FileStamp): Buffer {
  const data = Buffer.allocUnsafe(14);
  data.writeUInt16BE(mode, 0);
  data.writeBigInt64BE(seconds, 2);
  data.writeUInt32BE(nanoseconds, 10);
  return data;
}

export function modeOnly(mode: number): Buffer {
  const data = Buffer.allocUnsafe(2);
  data.writeUInt16BE(mode, 0);
  return data;
}

/** Pairs of texts, each with its length before it. */
export function parsePairs(payload: Buffer): [string, string][] {
  const pairs: [string, string][] = [];
  let at = 0;
  const next = (): string => {
    const length = payload.readUInt16BE(at);
    const text = payload.toString('latin1', at + 2, at + 2 + length);
    at += 2 + length;
    return text;
  };
  while (at < payload.length) pairs.push([next(), next()]);
  return pairs;
}

/** A path, and what is said of it. */
export function parseRefusal(payload: Buffer): { path: string; reason: string } {
  const length = payload.readUInt16BE(0);
  const path = payload.toString('latin1', 2, 2 + length);
  return {
    path,
    reason: payload
      .subarray(2 + length)
      .toString('utf8')
      .trim(),
  };
}

/** Cuts a stream into messages. */
export class MessageReader {
  #rest: Buffer = Buffer.alloc(0);

  /** Those that are whole with `chunk`. */
  push(chunk: Buffer): Message[] {
    let data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const messages: Message[] = [];
    while (data.length >= HEADER) {
      const end = HEADER + data.readUInt32BE(0);
      if (data.length < end) break;
      messages.push({ type: data.toString('latin1', 4, 5), payload: data.subarray(HEADER, end) });
      data = data.subarray(end);
    }
    this.#rest = data;
    return messages;
  }
}
