import { createHash } from 'node:crypto';
import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Verdict } from './verdict.ts';

/** A state of the whole source tree: a superproject commit with these pins by path, whatever it pins itself. */
export interface Configuration {
  readonly commit: string;
  readonly pins: ReadonlyMap<string, string>;
}

/**
 * What was found out so far, on disk after each test. The search does the same steps again after it was interrupted, and
 * has those answers at once.
 */
export class Memory {
  readonly #file: string;
  readonly #verdicts: Map<string, Verdict>;

  private constructor(file: string, verdicts: Map<string, Verdict>) {
    this.#file = file;
    this.#verdicts = verdicts;
  }

  static async open(file: string): Promise<Memory> {
    const text = await readFile(file, 'utf8').catch(() => '');
    const lines = text.split('\n').map((line) => /^([0-9a-f]{64}) (good|bad|skip)$/.exec(line));
    const verdicts = lines.flatMap((match) =>
      match ? [[match[1] ?? '', match[2] as Verdict] as const] : [],
    );
    await mkdir(dirname(file), { recursive: true });
    return new Memory(file, new Map(verdicts));
  }

  get size(): number {
    return this.#verdicts.size;
  }

  of(configuration: Configuration): Verdict | undefined {
    return this.#verdicts.get(keyOf(configuration));
  }

  async keep(configuration: Configuration, verdict: Verdict): Promise<void> {
    const key = keyOf(configuration);
    this.#verdicts.set(key, verdict);
    await appendFile(this.#file, `${key} ${verdict}\n`);
  }
}

function keyOf({ commit, pins }: Configuration): string {
  const all = [...pins].sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([commit, all]))
    .digest('hex');
}
