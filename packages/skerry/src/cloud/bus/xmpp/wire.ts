// A socket with an XML stream in each direction.
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Element } from '../../xml/element.ts';
import { element, formatStanza, NS } from './stanza.ts';
import { XmlStream } from './xml-stream.ts';

/**
 * Where a server listens. Over the network only with TLS, and only to who has a certificate of that authority (PEM); a
 * socket of this computer is its folder's to guard.
 */
export type ServerPlace =
  | { readonly host: string; readonly port: number; readonly ca: string }
  | { readonly socketPath: string };

export interface WireHandlers {
  onElement(element: Element): void;
  /** After each piece that has arrived, which may have had several elements. */
  onIdle(): void;
  /** Once; nothing comes after it. */
  onEnd(reason: Error): void;
}

/** One connection to a server. While nobody has taken it over, elements wait for `next`. */
export class Wire {
  #socket: Socket;
  #stream: XmlStream | undefined;
  #handlers: WireHandlers | undefined;
  readonly #early: Element[] = [];
  #wake: (() => void) | undefined;
  #end: Error | undefined;
  #batch = '';

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#listen();
  }

  /** @throws Error when nobody answers there; the signal's reason when it is aborted. */
  static async dial(place: ServerPlace, signal: AbortSignal): Promise<Wire> {
    const socket =
      'host' in place
        ? connectTcp({ host: place.host, port: place.port, noDelay: true })
        : connectTcp({ path: place.socketPath });
    try {
      await connected(socket, 'connect', signal);
    } catch (error) {
      socket.destroy();
      throw error;
    }
    return new Wire(socket);
  }

  get ended(): boolean {
    return this.#end !== undefined;
  }

  /** Encrypts what follows; only who has a certificate of that authority for that domain is talked to. */
  async encrypt(domain: string, ca: string, signal: AbortSignal): Promise<void> {
    const bare = this.#socket;
    bare.removeAllListeners();
    this.#stream = undefined;
    const secure = connectTls({ socket: bare, ca, servername: domain, minVersion: 'TLSv1.2' });
    this.#socket = secure;
    try {
      await connected(secure, 'secureConnect', signal);
    } catch (error) {
      this.destroy();
      throw error;
    }
    this.#listen();
  }

  /** Begins a stream, or begins it anew after a login. */
  open(domain: string): void {
    this.#stream = new XmlStream({
      onOpen: () => {},
      onElement: (element) => this.#deliver(element),
      onClose: () => this.#finish(new Error('the server closed the stream')),
    });
    this.write(
      `<?xml version='1.0'?><stream:stream to="${domain}" version="1.0" xml:lang="en" ` +
        `xmlns="${NS.client}" xmlns:stream="${NS.stream}">`,
    );
  }

  /** What is written in one turn of the event loop goes out together. */
  write(xml: string): void {
    if (this.#batch === '') queueMicrotask(() => this.#flush());
    this.#batch += xml;
  }

  #flush(): void {
    const batch = this.#batch;
    this.#batch = '';
    if (!this.#end && batch) this.#socket.write(batch);
  }

  /** The next element, while nobody has taken over. */
  async next(signal: AbortSignal): Promise<Element> {
    for (;;) {
      const early = this.#early.shift();
      if (early) return early;
      if (this.#end) throw this.#end;
      signal.throwIfAborted();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  takeOver(handlers: WireHandlers): void {
    this.#handlers = handlers;
    for (const element of this.#early.splice(0)) handlers.onElement(element);
    handlers.onIdle();
    if (this.#end) handlers.onEnd(this.#end);
  }

  /** Ends the stream in good order; the server is given that long to say the same. */
  async close(deadlineMs: number): Promise<void> {
    if (this.#end) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, deadlineMs);
      this.#socket.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      this.write('</stream:stream>');
    });
    this.destroy();
  }

  /** Ends it because of something the server must not do. */
  refuse(condition: string, reason: Error): void {
    const error = element('stream:error', {}, element(condition, { xmlns: NS.streams }));
    if (!this.#end) this.#socket.end(`${formatStanza(error)}</stream:stream>`);
    this.#finish(reason);
  }

  destroy(reason = new Error('the connection was closed')): void {
    this.#finish(reason);
  }

  #listen(): void {
    this.#socket.on('data', (chunk: Buffer) => {
      try {
        this.#stream?.write(chunk);
      } catch (error) {
        const { message } = asError(error);
        this.refuse(
          'not-well-formed',
          new Error(`the server sent what cannot be read: ${message}`),
        );
        return;
      }
      if (!this.#end) this.#handlers?.onIdle();
    });
    this.#socket.on('error', (error) => this.#finish(error));
    this.#socket.on('close', () => this.#finish(new Error('the connection was lost')));
  }

  #deliver(element: Element): void {
    if (this.#end) return;
    if (this.#handlers) return this.#handlers.onElement(element);
    this.#early.push(element);
    this.#wake?.();
  }

  #finish(reason: Error): void {
    if (this.#end) return;
    this.#end = reason;
    // Not at once: the other side is to get what was written.
    if (this.#socket.writableEnded) this.#socket.destroySoon();
    else this.#socket.destroy();
    this.#wake?.();
    this.#handlers?.onEnd(reason);
  }
}

function connected(
  socket: Socket,
  event: 'connect' | 'secureConnect',
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (error?: unknown): void => {
      socket.off('error', done).off('close', closed).off(event, ready);
      signal.removeEventListener('abort', aborted);
      // Who has given up hears no more of it.
      if (error) socket.on('error', () => {});
      if (error) reject(asError(error));
      else resolve();
    };
    const ready = (): void => done();
    const closed = (): void => done(new Error('the server closed the connection'));
    const aborted = (): void => done(signal.reason);
    socket.on(event, ready).on('error', done).on('close', closed);
    signal.addEventListener('abort', aborted, { once: true });
    if (signal.aborted) aborted();
  });
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
