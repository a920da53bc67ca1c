// One XML document that never ends: the stream of XMPP (RFC 6120 section 4). Gives each child of its outermost element.
import { SaxesParser } from 'saxes';
import type { Element } from '../../xml/element.ts';

export interface XmlStreamHandlers {
  /** The outermost element has begun. */
  onOpen(attributes: Record<string, string>): void;
  onElement(element: Element): void;
  /** The outermost element has ended. */
  onClose(): void;
}

export interface XmlStreamLimits {
  /** How many bytes one child may have; the stream is ended rather than remembered without end. */
  readonly maxBytes: number;
  readonly maxDepth: number;
}

const LIMITS: XmlStreamLimits = { maxBytes: 16 * 1024 * 1024, maxDepth: 100 };

/** Reads such a document as it arrives. */
export class XmlStream {
  readonly #parser = new SaxesParser({ xmlns: false, position: false });
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  readonly #open: Element[] = [];
  readonly #limits: XmlStreamLimits;
  #begun = false;
  #ended = false;
  #bytes = 0;
  #error: Error | undefined;

  constructor(handlers: XmlStreamHandlers, limits: XmlStreamLimits = LIMITS) {
    this.#limits = limits;
    const fail = (message: string): void => void (this.#error ??= new Error(message));
    this.#parser.on('error', ({ message }) => fail(message));
    // RFC 6120 section 11.1: no document types, comments or processing instructions.
    this.#parser.on('doctype', () => fail('a DOCTYPE is not allowed'));
    this.#parser.on('processinginstruction', () => fail('an instruction is not allowed'));
    this.#parser.on('opentag', ({ name, attributes }) => {
      if (this.#error || this.#ended) return;
      if (!this.#begun) {
        this.#begun = true;
        handlers.onOpen(attributes);
        return;
      }
      if (this.#open.length >= limits.maxDepth) return fail('it is nested too deeply');
      const element = { name, attributes: attributes as Record<string, string>, children: [] };
      this.#open.at(-1)?.children.push(element);
      this.#open.push(element);
    });
    this.#parser.on('closetag', () => {
      if (this.#error || this.#ended) return;
      const element = this.#open.pop();
      if (!element) {
        this.#ended = true;
        handlers.onClose();
      } else if (this.#open.length === 0) {
        this.#bytes = 0;
        handlers.onElement(element);
      }
    });
    const add = (piece: string): void => void this.#open.at(-1)?.children.push(piece);
    this.#parser.on('text', add);
    this.#parser.on('cdata', add);
  }

  /** @throws Error when it is not well-formed UTF-8 and XML, or larger than allowed: nothing more can be read. */
  write(chunk: Uint8Array): void {
    const text = this.#decoder.decode(chunk, { stream: true });
    // Blanks between children keep a connection alive and belong to none.
    if (text.trim() !== '') this.#bytes += chunk.length;
    this.#parser.write(text);
    if (this.#bytes > this.#limits.maxBytes) this.#error ??= new Error('an element is too large');
    if (this.#error) throw this.#error;
  }
}
