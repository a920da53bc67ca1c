// What everything used, for graphs: the last two minutes and the last hour in memory, a day and a month in the database.
// Each span is made of averages of the one before it.
import type { Usage } from '../bus/messages.ts';
import type { Database } from './database.ts';

const FIELDS = ['cpu', 'memoryMiB', 'diskReadBps', 'diskWriteBps', 'netRxBps', 'netTxBps'] as const;
const WIDTH = FIELDS.length + 1;

/** How far apart the points of a span are, in milliseconds, and how many of them there are. */
export const USAGE_SPANS = {
  minutes: { stepMs: 1000, points: 120 },
  hour: { stepMs: 60_000, points: 60 },
  day: { stepMs: 600_000, points: 144 },
  month: { stepMs: 3 * 3_600_000, points: 240 },
} as const;
export type UsageSpan = keyof typeof USAGE_SPANS;

/** What was used at a moment, in milliseconds since 1970; over a step that began then, where points are further apart. */
export type UsagePoint = Omit<Usage, 'id'> & { readonly at: number };

interface Entity {
  readonly minutes: Ring;
  readonly hour: Ring;
  readonly sums: Readonly<Record<Exclude<UsageSpan, 'minutes'>, Average>>;
}

/** About 6 KB an entity. */
export class UsageHistory {
  readonly #db: Database;
  readonly #entities = new Map<string, Entity>();

  constructor(db: Database) {
    this.#db = db;
    // What is not there any more is not added to, and its points are too old some day.
    const { stepMs, points } = USAGE_SPANS.month;
    db.run('DELETE FROM usage WHERE at < :before', { before: Date.now() - stepMs * points });
  }

  /** @param atMs milliseconds since 1970 */
  add(usages: readonly Usage[], atMs: number): void {
    const kept: { id: string; span: 'day' | 'month'; point: readonly number[] }[] = [];
    for (const usage of usages) {
      const { id } = usage;
      const entity = this.#entities.get(id) ?? newEntity();
      this.#entities.set(id, entity);
      const point = [atMs, ...FIELDS.map((field) => usage[field])];
      entity.minutes.add(point);
      const minute = entity.sums.hour.add(point);
      if (minute) entity.hour.add(minute);
      const tenMinutes = minute && entity.sums.day.add(minute);
      if (tenMinutes) kept.push({ id, span: 'day', point: tenMinutes });
      const hours = tenMinutes && entity.sums.month.add(tenMinutes);
      if (hours) kept.push({ id, span: 'month', point: hours });
    }
    if (kept.length === 0) return;
    this.#db.transaction(() => {
      for (const { id, span, point } of kept) this.#keep(id, span, point);
    });
  }

  /** The points of an entity, oldest first. */
  of(id: string, span: UsageSpan = 'minutes'): UsagePoint[] {
    const entity = this.#entities.get(id);
    if (span === 'minutes' || span === 'hour') return entity?.[span].points() ?? [];
    const { stepMs, points } = USAGE_SPANS[span];
    return this.#db.all<UsagePoint>(
      `SELECT at, cpu, memory AS memoryMiB, disk_read AS diskReadBps, disk_write AS diskWriteBps,
         net_rx AS netRxBps, net_tx AS netTxBps
       FROM usage WHERE entity = :id AND span = :span AND at >= :from ORDER BY at`,
      { id, span, from: Date.now() - stepMs * points },
    );
  }

  /** They are gone, or somewhere else; their days stay for whoever looks back. */
  drop(ids: readonly string[]): void {
    for (const id of ids) this.#entities.delete(id);
  }

  #keep(id: string, span: 'day' | 'month', point: readonly number[]): void {
    const [at = 0, cpu = 0, memory = 0, read = 0, write = 0, rx = 0, tx = 0] = point;
    this.#db.run(
      `INSERT INTO usage (entity, span, at, cpu, memory, disk_read, disk_write, net_rx, net_tx)
       VALUES (:id, :span, :at, :cpu, :memory, :read, :write, :rx, :tx) ON CONFLICT DO NOTHING`,
      { id, span, at, cpu, memory, read, write, rx, tx },
    );
    const { stepMs, points } = USAGE_SPANS[span];
    const before = at - stepMs * points;
    this.#db.run('DELETE FROM usage WHERE entity = :id AND span = :span AND at < :before', {
      ...{ id, span, before },
    });
  }
}

function newEntity(): Entity {
  const sums = {
    hour: new Average(USAGE_SPANS.hour.stepMs),
    day: new Average(USAGE_SPANS.day.stepMs),
    month: new Average(USAGE_SPANS.month.stepMs),
  };
  return {
    minutes: new Ring(USAGE_SPANS.minutes.points),
    hour: new Ring(USAGE_SPANS.hour.points),
    sums,
  };
}

/** The newest points, each a row of numbers with its time first. */
class Ring {
  readonly #values: Float32Array;
  readonly #size: number;
  /** Times are kept as seconds since this: a float has 24 bits for them. */
  #startMs = 0;
  #next = 0;
  #count = 0;

  constructor(size: number) {
    this.#size = size;
    this.#values = new Float32Array(size * WIDTH);
  }

  add([atMs = 0, ...values]: readonly number[]): void {
    if (this.#startMs === 0) this.#startMs = atMs;
    this.#values.set([(atMs - this.#startMs) / 1000, ...values], this.#next * WIDTH);
    this.#next = (this.#next + 1) % this.#size;
    this.#count = Math.min(this.#size, this.#count + 1);
  }

  points(): UsagePoint[] {
    return Array.from({ length: this.#count }, (_, index) => {
      const row = (this.#next - this.#count + index + this.#size) % this.#size;
      const [at = 0, ...values] = this.#values.subarray(row * WIDTH, (row + 1) * WIDTH);
      const fields = FIELDS.map((field, position) => [field, values[position] ?? 0]);
      return {
        at: Math.round(this.#startMs + at * 1000),
        ...(Object.fromEntries(fields) as Omit<Usage, 'id'>),
      };
    });
  }
}

/** Collects the points of a step of the clock, and gives their average once the next step has begun. */
class Average {
  readonly #stepMs: number;
  #sums: number[] = [];
  #count = 0;
  #at = 0;

  constructor(stepMs: number) {
    this.#stepMs = stepMs;
  }

  add([atMs = 0, ...values]: readonly number[]): readonly number[] | undefined {
    const at = atMs - (atMs % this.#stepMs);
    const count = this.#count;
    const isOver = count > 0 && at !== this.#at;
    const whole = isOver ? [this.#at, ...this.#sums.map((sum) => sum / count)] : undefined;
    this.#sums =
      isOver || count === 0 ? values : this.#sums.map((sum, i) => sum + (values[i] ?? 0));
    this.#count = isOver ? 1 : count + 1;
    this.#at = at;
    return whole;
  }
}
