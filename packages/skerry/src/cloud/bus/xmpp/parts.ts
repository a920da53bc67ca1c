// Bodies larger than a server lets one stanza be are cut in parts.

/**
 * Below the 262,144 bytes that Debian's ejabberd takes in one stanza, whatever the letters, and small enough that others
 * get their turn between two parts.
 */
const PART_LENGTH = 50_000;
/** How much of one sender may wait for its last part. */
const MAX_WAITING = 64 * 1024 * 1024;
const MAX_PARTS = 2000;

/** Cuts text so that no part is longer and no pair of surrogates is torn. */
export function cutText(text: string, length = PART_LENGTH): string[] {
  const parts: string[] = [];
  for (let at = 0; at < text.length;) {
    let end = Math.min(at + length, text.length);
    if (end < text.length && isHighSurrogate(text.charCodeAt(end - 1))) end--;
    parts.push(text.slice(at, end));
    at = end;
  }
  return parts.length > 0 ? parts : [''];
}

interface Waiting {
  readonly of: number;
  readonly parts: Map<number, string>;
  length: number;
}

/** Puts parts of one sender together. Those of a body arrive in order, but some may come twice after a fault. */
export class Joiner {
  readonly #waiting = new Map<string, Waiting>();
  #length = 0;

  /** @returns the whole text, once it is complete; undefined until then, and for what cannot be a part. */
  add(id: string, n: number, of: number, text: string): string | undefined {
    if (of === 1 && n === 0) return text;
    const isPart = Number.isInteger(n) && n >= 0 && n < of && Number.isInteger(of);
    if (!isPart || of > MAX_PARTS) return undefined;
    let body = this.#waiting.get(id);
    // A first part that comes once more begins anew.
    if (body && (body.of !== of || n === 0)) this.#drop(id);
    if (!body || n === 0) {
      body = { of, parts: new Map(), length: 0 };
      this.#waiting.set(id, body);
    }
    if (!body.parts.has(n)) {
      body.parts.set(n, text);
      body.length += text.length;
      this.#length += text.length;
    }
    if (body.parts.size === of) {
      this.#drop(id);
      return Array.from({ length: of }, (_, at) => body.parts.get(at)).join('');
    }
    // The oldest first: its last part was lost, or it would be complete.
    for (const [old] of this.#waiting) {
      if (this.#length <= MAX_WAITING) break;
      this.#drop(old);
    }
    return undefined;
  }

  clear(): void {
    this.#waiting.clear();
    this.#length = 0;
  }

  #drop(id: string): void {
    this.#length -= this.#waiting.get(id)?.length ?? 0;
    this.#waiting.delete(id);
  }
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}
