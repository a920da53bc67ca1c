// What is to be done later, or again and again. A moment that passed while central was away is done once, when it is back.
import { randomUUID } from 'node:crypto';
import { Cron } from 'croner';
import { VerbError } from '../verb-error.ts';
import type { Database } from './database.ts';
import { messageOf } from '../../util/message-of.ts';

export interface Job {
  readonly id: string;
  readonly entity: string;
  readonly verb: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** ISO 8601, or five fields of cron; in central's time zone, unless it has its own. */
  readonly at: string;
  readonly user: string;
  /** Milliseconds since 1970; null when it is done. */
  readonly nextAt: number | null;
  /** How it went last. */
  readonly last: string;
}

interface Row {
  id: string;
  entity: string;
  verb: string;
  params: string;
  at: string;
  user: string;
  next_at: number | null;
  last: string;
}

export interface ScheduleOptions {
  readonly db: Database;
  /** Does a job and says how it went. */
  readonly run: (job: Job) => Promise<string>;
  /** Whether it is this central's to do them. */
  readonly mayRun: () => boolean;
  /** Whether anybody has told of an entity yet. */
  readonly isKnown: (entity: string) => boolean;
}

const TICK_MS = 1000;
/** By then every agent that is there has told what it has. */
const GATHER_MS = 60_000;

export class Schedule implements Disposable {
  readonly #options: ScheduleOptions;
  readonly #db: Database;
  readonly #timer: NodeJS.Timeout;
  /** Since when jobs are this central's. */
  #since: number | undefined;

  constructor(options: ScheduleOptions) {
    this.#options = options;
    this.#db = options.db;
    this.#timer = setInterval(() => this.#tick(Date.now()), TICK_MS);
  }

  add(job: Pick<Job, 'entity' | 'verb' | 'params' | 'at' | 'user'>): Job {
    const nextAt = nextOf(job.at, Date.now());
    if (nextAt === null) throw new VerbError('invalid', `'${job.at}' is in the past`);
    const added = { ...job, id: randomUUID(), nextAt, last: '' };
    this.#db.run(
      `INSERT INTO jobs (id, entity, verb, params, at, user, next_at, last)
       VALUES (:id, :entity, :verb, :params, :at, :user, :next, '')`,
      {
        id: added.id,
        entity: job.entity,
        verb: job.verb,
        params: JSON.stringify(job.params),
        at: job.at,
        user: job.user,
        next: nextAt,
      },
    );
    return added;
  }

  of(entity: string): Job[] {
    return this.#db
      .all<Row>('SELECT * FROM jobs WHERE entity = :entity ORDER BY next_at', { entity })
      .map(toJob);
  }

  /** False when there is no such job of that entity. */
  remove(entity: string, id: string): boolean {
    return this.#db.run('DELETE FROM jobs WHERE id = :id AND entity = :entity', { id, entity }) > 0;
  }

  dropEntity(entity: string): void {
    this.#db.run('DELETE FROM jobs WHERE entity = :entity', { entity });
  }

  /** How many jobs each user has scheduled. */
  counts(): ReadonlyMap<string, number> {
    const rows = this.#db.all<{ user: string; jobs: number }>(
      'SELECT user, count(*) AS jobs FROM jobs WHERE next_at IS NOT NULL GROUP BY user',
    );
    return new Map(rows.map(({ user, jobs }) => [user, jobs]));
  }

  /** What somebody who is gone has scheduled is not done; how much that was. */
  dropUser(user: string): number {
    const jobs = this.counts().get(user) ?? 0;
    this.#db.run('DELETE FROM jobs WHERE user = :user', { user });
    return jobs;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #tick(now: number): void {
    const { run, mayRun, isKnown } = this.#options;
    if (!mayRun()) {
      this.#since = undefined;
      return;
    }
    this.#since ??= now;
    const gathers = now - this.#since < GATHER_MS;
    const due = this.#db.all<Row>('SELECT * FROM jobs WHERE next_at <= :now', { now }).map(toJob);
    for (const job of due) {
      // It stays due: its agent may not have come yet.
      if (gathers && !isKnown(job.entity)) continue;
      // Noted before it is done: after a crash in between it is not done twice.
      this.#db.run('UPDATE jobs SET next_at = :next WHERE id = :id', {
        id: job.id,
        next: nextOf(job.at, now),
      });
      run(job)
        .catch((error: unknown) => messageOf(error))
        .then((last) =>
          this.#db.run('UPDATE jobs SET last = :last WHERE id = :id', { id: job.id, last }),
        )
        // Central ended meanwhile, and its database with it.
        .catch(() => {});
    }
  }
}

/**
 * The first moment after `now`, in milliseconds since 1970, or null when there is none.
 *
 * @throws VerbError `invalid` when it is neither a time nor cron.
 */
export function nextOf(at: string, now: number): number | null {
  if (/^\d{4}-\d\d-\d\dT/.test(at)) {
    const time = Date.parse(at);
    if (Number.isNaN(time)) throw new VerbError('invalid', `'${at}' is no time (ISO 8601)`);
    return time > now ? time : null;
  }
  try {
    return new Cron(at, { paused: true, mode: '5-part' }).nextRun(new Date(now))?.getTime() ?? null;
  } catch (error) {
    const reason = messageOf(error);
    throw new VerbError(
      'invalid',
      `'${at}' is neither a time like 2026-12-24T18:00:00Z nor cron like '0 3 * * *': ${reason}`,
    );
  }
}

function toJob({ id, entity, verb, params, at, user, next_at: nextAt, last }: Row): Job {
  return {
    id,
    entity,
    verb,
    params: JSON.parse(params) as Record<string, unknown>,
    at,
    user,
    nextAt,
    last,
  };
}
