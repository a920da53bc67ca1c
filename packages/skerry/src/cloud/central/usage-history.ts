import type { Usage } from '../bus/messages.ts';

const SAMPLES = 120;
const FIELDS = ['cpu', 'memoryMiB', 'diskReadBps', 'diskWriteBps', 'netRxBps', 'netTxBps'] as const;
const WIDTH = FIELDS.length + 1;

/** What each entity used over the last two minutes, a sample a second; 3.4 KB an entity. */
export class UsageHistory {
  readonly #rings = new Map<
    string,
    { readonly values: Float32Array; next: number; count: number }
  >();
  /** Times are kept as seconds since this: a float has 24 bits for them. */
  readonly #startMs = Date.now();

  add(usages: readonly Usage[], atMs: number): void {
    for (const usage of usages) {
      const ring = this.#rings.get(usage.id) ?? {
        values: new Float32Array(SAMPLES * WIDTH),
        next: 0,
        count: 0,
      };
      this.#rings.set(usage.id, ring);
      const row = [(atMs - this.#startMs) / 1000, ...FIELDS.map((field) => usage[field])];
      ring.values.set(row, ring.next * WIDTH);
      ring.next = (ring.next + 1) % SAMPLES;
      ring.count = Math.min(SAMPLES, ring.count + 1);
    }
  }

  /** The samples of an entity, oldest first, with `at` in milliseconds since 1970. */
  of(id: string): (Omit<Usage, 'id'> & { readonly at: number })[] {
    const ring = this.#rings.get(id);
    if (!ring) return [];
    return Array.from({ length: ring.count }, (_, index) => {
      const row = (ring.next - ring.count + index + SAMPLES) % SAMPLES;
      const [at = 0, ...values] = ring.values.subarray(row * WIDTH, (row + 1) * WIDTH);
      const fields = FIELDS.map((field, position) => [field, values[position] ?? 0]);
      return {
        at: Math.round(this.#startMs + at * 1000),
        ...(Object.fromEntries(fields) as Omit<Usage, 'id'>),
      };
    });
  }

  drop(ids: readonly string[]): void {
    for (const id of ids) this.#rings.delete(id);
  }
}
