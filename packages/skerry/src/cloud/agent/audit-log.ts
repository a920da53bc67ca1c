// Who did what here, one JSON a line, kept by the agent: it is there also when central was away.
import { appendFile, mkdir, readFile, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type AuditEntry, auditEntry } from '../bus/messages.ts';

const MAX_BYTES = 10 * 1024 * 1024;

export class AuditLog {
  readonly #path: string;
  #work: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  /** Adds an entry; they are written in their order. */
  add(entry: AuditEntry): Promise<void> {
    this.#work = this.#work.then(() => this.#write(entry)).catch(() => {});
    return this.#work;
  }

  /** Resolves when all that was added is in the file. */
  written(): Promise<void> {
    return this.#work;
  }

  /** The entries since a moment (milliseconds since 1970), oldest first, at most 10,000. */
  async since(at: number): Promise<AuditEntry[]> {
    await this.#work;
    const texts = await Promise.all(
      [`${this.#path}.1`, this.#path].map((path) => readFile(path, 'utf8').catch(() => '')),
    );
    return texts
      .join('')
      .split('\n')
      .flatMap((line) => {
        const parsed = auditEntry.safeParse(parseLine(line));
        return parsed.success && parsed.data.at >= at ? [parsed.data] : [];
      })
      .slice(-10_000);
  }

  async #write(entry: AuditEntry): Promise<void> {
    await mkdir(dirname(this.#path), { recursive: true });
    const size = await stat(this.#path).then(
      (found) => found.size,
      () => 0,
    );
    if (size > MAX_BYTES) await rename(this.#path, `${this.#path}.1`);
    await appendFile(this.#path, `${JSON.stringify(entry)}\n`, { mode: 0o600 });
  }
}

/** A line that was half written when the host lost its power is no entry. */
function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
