import type { Duplex } from 'node:stream';
import { ConnectionClosedError, LibvirtError, ProtocolError } from './errors.ts';
import {
  encodePacket,
  type Packet,
  PacketParser,
  PROGRAM,
  setSerial,
  STATUS,
  TYPE,
} from './frame.ts';
import { KeepAlive, type KeepAliveOptions, PING, PONG } from './keepalive.ts';
import { PacketSender } from './packet-sender.ts';
import { type CallOptions, PendingCall } from './pending-call.ts';
import {
  type Procedure,
  type ProcedureArgs,
  type ProcedureInfo,
  procedureInfo,
  type ProcedureResult,
} from './procedures.ts';
import type { Link } from './reconnect.ts';
import { readFields } from './schema.ts';
import type { OpenStreamOptions } from './session.ts';
import { LibvirtStream, type StreamOptions } from './stream.ts';
import { structs } from './structs.ts';
import { XdrReader } from './xdr.ts';

/** A hook for debugging: what happened on the wire that is nobody's error. */
export type DebugHook = (event: string, data: Readonly<Record<string, unknown>>) => void;

export interface RpcOptions {
  readonly maxInFlight: number;
  readonly debug?: DebugHook | undefined;
}

/** Arguments may be left out when there is nothing to say. */
export type CallArgs<P extends Procedure> =
  object extends ProcedureArgs<P> ? ProcedureArgs<P> | undefined : ProcedureArgs<P>;

const empty: Buffer = Buffer.alloc(0);

/**
 * Calls, streams and messages over one byte stream. At most `maxInFlight` calls are in the daemon:
 * it stops reading, pings included, when a client has five requests running.
 */
export class RpcClient implements Link {
  readonly #socket: Duplex;
  readonly #options: RpcOptions;
  readonly #sender: PacketSender;
  readonly #parser = new PacketParser();
  readonly #inFlight = new Map<number, PendingCall>();
  readonly #queue = new Set<PendingCall>();
  readonly #streams = new Map<number, LibvirtStream>();
  readonly #closed = Promise.withResolvers<ConnectionClosedError>();
  #serial = 0;
  #keepAlive: KeepAlive | undefined;
  #closeError: ConnectionClosedError | undefined;
  /** Takes events. Must not run user code. */
  onMessage: (packet: Packet) => void = () => {};

  constructor(socket: Duplex, options: RpcOptions) {
    this.#socket = socket;
    this.#sender = new PacketSender(socket);
    this.#options = options;
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', (cause) => this.fail(cause.message, { cause }));
    socket.on('end', () => this.fail('the daemon closed the connection'));
    socket.on('close', () => this.fail('the connection was cut'));
  }

  /** Settles with the reason when the connection is gone; never rejects. */
  get closed(): Promise<ConnectionClosedError> {
    return this.#closed.promise;
  }

  get closeError(): ConnectionClosedError | undefined {
    return this.#closeError;
  }

  call<P extends Procedure>(
    name: P,
    args: CallArgs<P>,
    options: CallOptions = {},
  ): Promise<ProcedureResult<P>> {
    return this.#start(name, args, options, undefined) as Promise<ProcedureResult<P>>;
  }

  /** A call that opens a stream. A reader that is slow stops the whole connection: use an own one. */
  async openStream<P extends Procedure>(
    name: P,
    args: CallArgs<P>,
    kind: StreamOptions['kind'],
    options: OpenStreamOptions = {},
  ): Promise<{ stream: LibvirtStream; result: ProcedureResult<P> }> {
    const stream = new LibvirtStream({ kind, sparse: options.sparse });
    const result = await this.#start(name, args, options, stream);
    return { stream, result: result as ProcedureResult<P> };
  }

  /** Says why when there is no connection any more. */
  async ready(_options: CallOptions): Promise<void> {
    if (this.#closeError !== undefined) throw this.#closeError;
  }

  startKeepAlive(options: KeepAliveOptions): void {
    if (this.#closeError !== undefined) return;
    this.#keepAlive = new KeepAlive(
      options,
      () => this.#sendKeepAlive(PING),
      () => this.fail('the daemon does not answer keepalive pings'),
    );
  }

  /** Rejects everything pending, tells the daemon, and ends the socket. */
  async close(): Promise<void> {
    if (this.#closeError !== undefined) return;
    const info = procedureInfo('CONNECT_CLOSE');
    const farewell = new PendingCall(info, {}, undefined);
    this.#send(farewell);
    this.#shut(new ConnectionClosedError('closed by this client', true), farewell);
    farewell.watch({ timeoutMs: 500 });
    await farewell.promise.catch(() => {});
    this.#socket.end();
    this.#socket.destroy();
  }

  /** Ends the connection as lost. */
  fail(reason: string, options?: ErrorOptions): void {
    const error = new ConnectionClosedError(reason, false, options);
    for (const call of this.#inFlight.values()) call.reject(error);
    if (this.#closeError !== undefined) return;
    this.#shut(error, undefined);
    this.#socket.destroy();
  }

  #shut(error: ConnectionClosedError, except: PendingCall | undefined): void {
    this.#closeError = error;
    this.#keepAlive?.stop();
    const calls = [...this.#inFlight.values(), ...this.#queue];
    this.#queue.clear();
    for (const call of calls) {
      call.stream?.discard();
      if (call !== except) call.reject(error);
    }
    for (const stream of this.#streams.values()) stream.destroy(error.intended ? undefined : error);
    this.#closed.resolve(error);
  }

  async #start(
    name: Procedure,
    args: object | undefined,
    options: CallOptions,
    stream: LibvirtStream | undefined,
  ): Promise<unknown> {
    if (this.#closeError !== undefined) throw this.#closeError;
    options.signal?.throwIfAborted();
    const info = procedureInfo(name);
    if ((info.stream === undefined) !== (stream === undefined)) {
      throw new ProtocolError(`${name} ${stream ? 'does not open' : 'opens'} a stream`);
    }
    const call = new PendingCall(info, args ?? {}, stream);
    call.watch(options);
    this.#enqueue(call);
    try {
      return await call.promise;
    } catch (error) {
      // Made where the socket was read; the caller wants to see who called.
      if (error instanceof LibvirtError) Error.captureStackTrace(error);
      throw error;
    }
  }

  #enqueue(call: PendingCall): void {
    if (this.#inFlight.size < this.#options.maxInFlight) {
      this.#send(call);
      return;
    }
    call.onSettled = () => this.#queue.delete(call);
    this.#queue.add(call);
  }

  #pump(): void {
    for (const call of this.#queue) {
      if (this.#inFlight.size >= this.#options.maxInFlight || this.#closeError) return;
      this.#queue.delete(call);
      this.#send(call);
    }
  }

  #send(call: PendingCall): void {
    const serial = this.#nextSerial();
    this.#inFlight.set(serial, call);
    if (call.stream !== undefined) this.#attach(call.stream, serial, call.info);
    setSerial(call.packet, serial);
    this.#sender.send(call.packet);
  }

  #nextSerial(): number {
    do this.#serial = this.#serial >= 0xffff_ffff ? 1 : this.#serial + 1;
    while (this.#inFlight.has(this.#serial) || this.#streams.has(this.#serial));
    return this.#serial;
  }

  #attach(stream: LibvirtStream, serial: number, info: ProcedureInfo): void {
    this.#streams.set(serial, stream);
    const { program, number: procedure } = info;
    const send = (type: number, status: number, data: Buffer, done: () => void): void =>
      this.#sender.sendData({ program, procedure, type, serial, status }, data, done);
    stream.attach({
      send: (status, data, done) => send(TYPE.stream, status, data, done),
      sendHole: (payload, done) => send(TYPE.streamHole, STATUS.continue, payload, done),
      pause: (paused) => this.#pause(paused),
      toError: (payload) => toLibvirtError(info.name, payload),
      release: () => this.#streams.delete(serial),
    });
  }

  #pause(paused: boolean): void {
    if (this.#socket.isPaused() === paused) return;
    this.#keepAlive?.pause(paused);
    if (paused) this.#socket.pause();
    else this.#socket.resume();
  }

  #receive(chunk: Buffer): void {
    this.#keepAlive?.heard();
    try {
      this.#parser.push(chunk, this.#dispatch);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      this.fail(`the daemon's bytes make no sense: ${reason}`, { cause });
    }
  }

  readonly #dispatch = (packet: Packet): void => {
    if (packet.program === PROGRAM.keepalive) {
      if (packet.procedure === PING) this.#sendKeepAlive(PONG);
      return;
    }
    switch (packet.type) {
      case TYPE.reply:
      case TYPE.replyWithFds:
        return this.#reply(packet);
      case TYPE.message:
        return this.onMessage(packet);
      case TYPE.stream:
      case TYPE.streamHole: {
        const stream = this.#streams.get(packet.serial);
        if (stream === undefined) this.#debug('packet of a closed stream', packet);
        return stream?.receive(packet);
      }
      default:
        this.#debug('packet of an unknown type', packet);
    }
  };

  #reply(packet: Packet): void {
    const call = this.#inFlight.get(packet.serial);
    if (call === undefined || call.info.program !== packet.program) {
      this.#debug('reply to no call of ours', packet);
      return;
    }
    this.#inFlight.delete(packet.serial);
    if (call.settled) this.#debug('reply after the caller gave up', packet);
    try {
      this.#settle(call, packet);
    } catch (error) {
      call.stream?.destroy();
      call.reject(error);
    }
    this.#pump();
  }

  #settle(call: PendingCall, packet: Packet): void {
    if (packet.type === TYPE.replyWithFds) {
      throw new ProtocolError(`${call.info.name} answered with file descriptors, which Node lacks`);
    }
    if (packet.status !== STATUS.ok) {
      call.stream?.discard();
      throw toLibvirtError(call.info.name, packet.payload);
    }
    const result = readFields(new XdrReader(packet.payload), call.info.result);
    if (call.settled) call.stream?.destroy();
    call.resolve(result);
  }

  #sendKeepAlive(procedure: number): void {
    const header = { type: TYPE.message, serial: 0, status: STATUS.ok };
    this.#sender.send(encodePacket({ program: PROGRAM.keepalive, procedure, ...header }, empty));
  }

  #debug(event: string, packet: Packet): void {
    const { program, procedure, type, serial, status, payload } = packet;
    const size = payload.length;
    this.#options.debug?.(event, { program, procedure, type, serial, status, size });
  }
}

function toLibvirtError(procedure: string, payload: Buffer): LibvirtError {
  return new LibvirtError(procedure, readFields(new XdrReader(payload), structs.error));
}
