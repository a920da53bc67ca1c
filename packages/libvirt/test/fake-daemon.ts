// A daemon in memory that speaks with our own codec, for what a real one does only rarely.
import { type Duplex, duplexPair } from 'node:stream';
import { connect, type ConnectOptions } from '../src/connect.ts';
import type { Connection } from '../src/connection.ts';
import { LibvirtError } from '../src/errors.ts';
import { encodePacket, type Packet, PacketParser, PROGRAM, STATUS, TYPE } from '../src/frame.ts';
import { type Procedure, procedureInfo } from '../src/procedures.ts';
import { readFields, writeFields } from '../src/schema.ts';
import { structs } from '../src/structs.ts';
import { XdrReader, XdrWriter } from '../src/xdr.ts';

type Args = Readonly<Record<string, unknown>>;
/** Answers a call; throws a LibvirtError to refuse it. */
export type Handler = (args: Args, peer: Peer, serial: number) => object | Promise<object>;
export type Handlers = Partial<Record<Procedure, Handler>>;

const handshake: Handlers = {
  AUTH_LIST: () => ({ types: [0] }),
  CONNECT_SUPPORTS_FEATURE: () => ({ supported: 1 }),
  CONNECT_OPEN: () => ({}),
  CONNECT_CLOSE: () => ({}),
  CONNECT_REGISTER_CLOSE_CALLBACK: () => ({}),
};

/** A fake daemon that answers so, and a connection to it. */
export async function openFake(
  handlers: Handlers = {},
  options: ConnectOptions = {},
): Promise<{ conn: Connection; daemon: FakeDaemon }> {
  const daemon = new FakeDaemon(handlers);
  return { conn: await connect('test:///default', { dial: daemon.dial, ...options }), daemon };
}

export class FakeDaemon {
  readonly peers: Peer[] = [];
  readonly #handlers: Map<string, Handler>;

  constructor(handlers: Handlers = {}) {
    this.#handlers = new Map(Object.entries({ ...handshake, ...handlers }));
  }

  /** For `connect()`. */
  readonly dial = async (): Promise<Duplex> => {
    const [near, far] = duplexPair();
    this.peers.push(new Peer(far, this.#handlers));
    return near;
  };

  get peer(): Peer {
    return this.peers[0] ?? fail('nobody has connected');
  }
}

/** The daemon's side of one connection. */
export class Peer {
  /** The procedures called, in order. */
  readonly calls: string[] = [];
  /** The stream packets received. */
  readonly streamPackets: Packet[] = [];
  pings = 0;
  pongs = 0;
  onStream: (packet: Packet) => void = () => {};
  readonly #socket: Duplex;
  readonly #handlers: ReadonlyMap<string, Handler>;
  readonly #parser = new PacketParser();

  constructor(socket: Duplex, handlers: ReadonlyMap<string, Handler>) {
    this.#socket = socket;
    this.#handlers = handlers;
    socket.on('data', (chunk: Buffer) => {
      this.#parser.push(chunk, (packet) => this.#receive(packet));
    });
    socket.on('error', () => {});
  }

  sendRaw(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  end(): void {
    this.#socket.end();
  }

  ping(): void {
    this.#send({ program: PROGRAM.keepalive, procedure: 1, type: TYPE.message, serial: 0 });
  }

  event(procedure: number, schema: string, fields: object): void {
    const header = { program: PROGRAM.remote, procedure, type: TYPE.message, serial: 0 };
    this.#send(header, STATUS.ok, encode(schema, fields));
  }

  reply(name: Procedure, serial: number, result: object): void {
    const { program, number, result: schema } = procedureInfo(name);
    const header = { program, procedure: number, type: TYPE.reply, serial };
    this.#send(header, STATUS.ok, encode(schema, result));
  }

  refuse(name: Procedure, serial: number, error: LibvirtError, type: number = TYPE.reply): void {
    const { program, number } = procedureInfo(name);
    this.#send({ program, procedure: number, type, serial }, STATUS.error, encodeError(error));
  }

  stream(
    name: Procedure,
    serial: number,
    status: number,
    data: Uint8Array = Buffer.alloc(0),
  ): void {
    const { program, number } = procedureInfo(name);
    this.#send({ program, procedure: number, type: TYPE.stream, serial }, status, data);
  }

  hole(name: Procedure, serial: number, holeBytes: bigint): void {
    const { program, number } = procedureInfo(name);
    const payload = encode('length:hyper flags:uint', { length: holeBytes, flags: 0 });
    const header = { program, procedure: number, type: TYPE.streamHole, serial };
    this.#send(header, STATUS.continue, payload);
  }

  #send(header: Omit<Packet, 'status' | 'payload'>, status = 0, payload?: Uint8Array): void {
    this.#socket.write(encodePacket({ ...header, status }, payload ?? Buffer.alloc(0)));
  }

  #receive(packet: Packet): void {
    if (packet.program === PROGRAM.keepalive) {
      if (packet.procedure === 1) this.pings += 1;
      else this.pongs += 1;
    } else if (packet.type === TYPE.stream || packet.type === TYPE.streamHole) {
      this.streamPackets.push(packet);
      this.onStream(packet);
    } else {
      void this.#answer(packet);
    }
  }

  async #answer({ program, procedure, serial, payload }: Packet): Promise<void> {
    const found = this.#find(program, procedure);
    if (found === undefined) {
      const header = { program, procedure, type: TYPE.reply, serial };
      const error = daemonError(39, `unknown procedure: ${procedure}`);
      return this.#send(header, STATUS.error, encodeError(error));
    }
    const [name, handler] = found;
    this.calls.push(name);
    const args = readFields(new XdrReader(payload), procedureInfo(name).args);
    try {
      this.reply(name, serial, await handler(args, this, serial));
    } catch (error) {
      if (!(error instanceof LibvirtError)) throw error;
      this.refuse(name, serial, error);
    }
  }

  #find(program: number, procedure: number): [Procedure, Handler] | undefined {
    for (const [name, handler] of this.#handlers) {
      const info = procedureInfo(name as Procedure);
      if (info.program === program && info.number === procedure) return [info.name, handler];
    }
    return undefined;
  }
}

/** An error as a daemon would send it. */
export function daemonError(code: number, message = `error ${code}`): LibvirtError {
  const strings = { str1: null, str2: null, str3: null };
  return new LibvirtError('', {
    code,
    domain: 0,
    level: 2,
    message,
    ...strings,
    int1: -1,
    int2: -1,
  });
}

export const never: () => Promise<object> = () => new Promise<object>(() => {});

function encodeError(error: LibvirtError): Buffer {
  const { code, domain, level, message, str1, str2, str3, int1, int2 } = error;
  const fields = { code, domain, level, message, str1, str2, str3, int1, int2 };
  return encode(structs.error, { ...fields, dom: null, net: null });
}

function encode(schema: string, fields: object): Buffer {
  const writer = new XdrWriter();
  writeFields(writer, schema, fields);
  return Buffer.from(writer.bytes);
}

function fail(message: string): never {
  throw new Error(message);
}
