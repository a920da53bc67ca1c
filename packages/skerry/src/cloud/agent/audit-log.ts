// Who did what here, one JSON a line, kept by the agent: it is there also when central was away.
import { appendFile, mkdir, readFile, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { type AuditEntry, auditEntry, type BegunEntry, begunEntry } from '../bus/messages.ts';

const MAX_BYTES = 10 * 1024 * 1024;

export class AuditLog {
  readonly #path: string;
  #work: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  /** Adds an entry; they are written in their order. */
  add(entry: AuditEntry): Promise<void> {
    return this.#append(entry);
  }

  /** Notes what is done next: if its end is never noted, {@link endBegun} says so. */
  begin(begun: BegunEntry): Promise<void> {
    return this.#append({ begun });
  }

  /** Of what was being done when the agent before this one was killed nobody knows how it went. */
  async endBegun(): Promise<void> {
    const lines = await this.#lines();
    const ended = new Set(lines.flatMap((line) => entriesOf(line).map(({ id }) => id)));
    const message = 'its agent ended meanwhile: it is not known how it went';
    for (const line of lines) {
      const { data } = z.object({ begun: begunEntry }).safeParse(line);
      if (data && !ended.has(data.begun.id))
        await this.add({ ...data.begun, outcome: 'failed', message, durationMs: 0 });
    }
  }

  /** Resolves when all that was added is in the file. */
  written(): Promise<void> {
    return this.#work;
  }

  /** The entries since a moment (milliseconds since 1970), oldest first, at most 10,000. */
  async since(at: number): Promise<AuditEntry[]> {
    const lines = await this.#lines();
    return lines
      .flatMap(entriesOf)
      .filter((entry) => entry.at >= at)
      .slice(-10_000);
  }

  async #lines(): Promise<unknown[]> {
    await this.#work;
    const texts = await Promise.all(
      [`${this.#path}.1`, this.#path].map((path) => readFile(path, 'utf8').catch(() => '')),
    );
    return texts.join('').split('\n').map(parseLine);
  }

  #append(line: object): Promise<void> {
    this.#work = this.#work.then(() => this.#write(line)).catch(() => {});
    return this.#work;
  }

  async #write(line: object): Promise<void> {
    await mkdir(dirname(this.#path), { recursive: true });
    const size = await stat(this.#path).then(
      (found) => found.size,
      () => 0,
    );
    if (size > MAX_BYTES) await rename(this.#path, `${this.#path}.1`);
    await appendFile(this.#path, `${JSON.stringify(line)}\n`, { mode: 0o600 });
  }
}

function entriesOf(line: unknown): AuditEntry[] {
  const parsed = auditEntry.safeParse(line);
  return parsed.success ? [parsed.data] : [];
}

/** A line that was half written when the host lost its power is no entry. */
function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
