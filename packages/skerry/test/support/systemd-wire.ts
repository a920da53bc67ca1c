// systemd as far as our scripts can tell: its private D-Bus socket, and units that do what a test says.
import { createServer, type Server, type Socket } from 'node:net';

export interface FakeUnit {
  ActiveState: string;
  SubState: string;
  NRestarts: number;
  Result: string;
}

export interface FakeSystemd {
  readonly units: Map<string, FakeUnit>;
  /** What a call of the manager does to the unit, or `Get PROPERTY`, before it is answered. */
  readonly on: Map<string, (unit: FakeUnit) => void>;
  /** Something about a unit has changed. */
  readonly stir: () => void;
}

interface Message {
  readonly serial: number;
  readonly path: string;
  readonly member: string;
  readonly texts: readonly string[];
}

const METHOD_REPLY = 2;
const ERROR = 3;
const SIGNAL = 4;
const SIGNATURE = 8;

/** Answers on a socket that is listened on already, or will be. */
export function fakeSystemd(): FakeSystemd & { readonly server: Server } {
  const units = new Map<string, FakeUnit>();
  const on = new Map<string, (unit: FakeUnit) => void>();
  let bus: Socket | undefined;
  let jobs = 0;
  const answer = ({ serial, path, member, texts }: Message): void => {
    const send = (type: number, body: Buffer, ...more: Buffer[]): void =>
      void bus?.write(message(type, body, [field(5, 'u', serial), ...more]));
    const unit = units.get(member === 'Get' ? unitAt(path) : (texts[0] ?? ''));
    if (!unit) return send(ERROR, text('no such unit'), field(4, 's', 'NoSuchUnit'));
    if (member === 'Get') {
      on.get(`Get ${texts[1]}`)?.(unit);
      const value = unit[texts[1] as keyof FakeUnit] as string | number | undefined;
      if (value === undefined) return send(ERROR, text('no such property'), field(4, 's', 'None'));
      return send(METHOD_REPLY, variant(value), field(SIGNATURE, 'g', 'v'));
    }
    on.get(member)?.(unit);
    if (!member.endsWith('tUnit') || member.startsWith('Reset'))
      return send(METHOD_REPLY, Buffer.alloc(0));
    const job = `/job/${++jobs}`;
    send(METHOD_REPLY, text(job), field(SIGNATURE, 'g', 'o'));
    const parts = [text(job), text(texts[0] ?? ''), text('done')];
    let body = Buffer.alloc(4);
    for (const part of parts) body = Buffer.concat([padded(body, 4), part]);
    bus?.write(message(SIGNAL, body, [field(3, 's', 'JobRemoved')]));
  };
  const server = createServer((socket) => {
    bus = socket;
    let received = Buffer.alloc(0);
    let isKnown = false;
    socket.on('error', () => {});
    socket.on('data', (data) => {
      received = Buffer.concat([received, data]);
      if (!isKnown) {
        const end = received.indexOf('BEGIN\r\n');
        if (end < 0) return;
        isKnown = true;
        received = received.subarray(end + 7);
        socket.write('OK 1\r\n');
      }
      for (let one = take(received); one; one = take(received)) {
        received = received.subarray(one.size);
        answer(one.message);
      }
    });
  });
  const stir = (): void =>
    void bus?.write(message(SIGNAL, Buffer.alloc(0), [field(3, 's', 'PropertiesChanged')]));
  return { units, on, stir, server };
}

/** The first whole message. */
function take(data: Buffer): { readonly message: Message; readonly size: number } | undefined {
  if (data.length < 16) return undefined;
  const bodySize = data.readUInt32LE(4);
  const serial = data.readUInt32LE(8);
  const fieldsSize = data.readUInt32LE(12);
  const bodyAt = aligned(16 + fieldsSize, 8);
  const size = bodyAt + bodySize;
  if (data.length < size) return undefined;
  const found = new Map<number, string>();
  for (let at = 16; at < 16 + fieldsSize; at = aligned(at, 8)) {
    const isSignature = data[at + 2] === 'g'.charCodeAt(0);
    const from = at + (isSignature ? 5 : 8);
    const length = isSignature ? (data[at + 4] ?? 0) : data.readUInt32LE(at + 4);
    found.set(data[at] ?? 0, data.toString('utf8', from, from + length));
    at = from + length + 1;
  }
  const texts: string[] = [];
  for (let at = bodyAt; at < size;) {
    const length = data.readUInt32LE(at);
    texts.push(data.toString('utf8', at + 4, at + 4 + length));
    at = bodyAt + aligned(at + 5 + length - bodyAt, 4);
  }
  const message = { serial, path: found.get(1) ?? '', member: found.get(3) ?? '', texts };
  return { message, size };
}

function message(type: number, body: Buffer, fields: readonly Buffer[]): Buffer {
  const all = fields.reduce((head, one) => Buffer.concat([padded(head, 8), one]), Buffer.alloc(0));
  const head = Buffer.alloc(16);
  head.set([0x6c, type, 0, 1]);
  head.writeUInt32LE(body.length, 4);
  head.writeUInt32LE(1, 8);
  head.writeUInt32LE(all.length, 12);
  return Buffer.concat([padded(Buffer.concat([head, all]), 8), body]);
}

function field(code: number, type: 'u' | 's' | 'g', value: string | number): Buffer {
  const head = Buffer.from([code, 1, type.charCodeAt(0), 0]);
  if (typeof value === 'number') return Buffer.concat([head, number(value)]);
  if (type === 's') return Buffer.concat([head, text(value)]);
  return Buffer.concat([head, Buffer.from([value.length]), Buffer.from(`${value}\0`)]);
}

function variant(value: string | number): Buffer {
  const isText = typeof value === 'string';
  const head = Buffer.from([1, (isText ? 's' : 'u').charCodeAt(0), 0, 0]);
  return Buffer.concat([head, isText ? text(value) : number(value)]);
}

function text(value: string): Buffer {
  return Buffer.concat([number(Buffer.byteLength(value)), Buffer.from(`${value}\0`)]);
}

function number(value: number): Buffer {
  const data = Buffer.alloc(4);
  data.writeUInt32LE(value);
  return data;
}

function padded(data: Buffer, to: number): Buffer {
  return Buffer.concat([data, Buffer.alloc(aligned(data.length, to) - data.length)]);
}

function aligned(at: number, to: number): number {
  return Math.ceil(at / to) * to;
}

/** The unit of an object's path. */
function unitAt(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return name.replaceAll(/_([0-9a-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
