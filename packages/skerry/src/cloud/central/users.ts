// Who may log in. Passwords are kept as scrypt hashes, sessions and tokens as SHA-256 of their secret: who reads the
// database can log in as nobody.
import {
  createHash,
  randomBytes,
  scrypt as scryptWithCallback,
  type ScryptOptions,
  timingSafeEqual,
} from 'node:crypto';
import { password, userName } from '../verbs/people.ts';
import type { Database } from './database.ts';

/** `session` is a browser's, `token` a program's, `link` logs in once. */
export type SecretKind = 'session' | 'token' | 'link';

const HOURS = 3_600_000;
const LIFETIMES: Readonly<Record<SecretKind, number>> = {
  session: 14 * 24 * HOURS,
  token: 365 * 24 * HOURS,
  link: HOURS / 4,
};
/** One of OWASP's figures for scrypt: N = 2^15, r = 8, p = 3; 32 MiB and about 0.3 s. */
const COST = { N: 2 ** 15, r: 8, p: 3, maxmem: 64 * 1024 ** 2 } as const;
const KEY_BYTES = 32;
/** When a secret was used is noted no more often than that. */
const SEEN_MS = 60_000;
/** So much of its hash names a token; nothing can be done with it. */
const ID_LENGTH = 12;

/** Somebody who may log in. Times are milliseconds since 1970, 0 for never. */
export interface User {
  readonly name: string;
  readonly hasPassword: boolean;
  readonly seenAt: number;
  readonly sessions: number;
  readonly tokens: number;
}

export interface Token {
  readonly id: string;
  readonly label: string;
  readonly madeAt: number;
  readonly usedAt: number;
  readonly expiresAt: number;
}

export class Users {
  readonly #db: Database;
  /** Is told when secrets are good no more: whoever came in by one is to go. */
  onEnded: () => void = () => {};
  /** Logins are tried one after the other: each costs 32 MiB. */
  #trying: Promise<unknown> = Promise.resolve();

  constructor(db: Database) {
    this.#db = db;
  }

  names(): string[] {
    return this.#db
      .all<{ name: string }>('SELECT name FROM users ORDER BY name')
      .map((row) => row.name);
  }

  list(): User[] {
    const rows = this.#db.all<Omit<User, 'hasPassword'> & { hasPassword: number }>(
      `SELECT name, password IS NOT NULL AS hasPassword, seen_at AS seenAt,
         count(CASE WHEN kind = 'session' THEN 1 END) AS sessions, count(CASE WHEN kind = 'token' THEN 1 END) AS tokens
       FROM users LEFT JOIN sessions ON user = name AND expires_at > :now GROUP BY name ORDER BY name`,
      { now: Date.now() },
    );
    return rows.map((row) => ({ ...row, hasPassword: row.hasPassword === 1 }));
  }

  exists(name: string): boolean {
    return this.#db.get('SELECT 1 FROM users WHERE name = :name', { name }) !== undefined;
  }

  /** Adds a user; without a password she logs in by link or token only. False when there is one of that name. */
  async add(name: string, secret?: string): Promise<boolean> {
    const hash = secret === undefined ? null : await hashPassword(password.parse(secret));
    return (
      this.#db.run(
        'INSERT INTO users (name, password, created_at) VALUES (:name, :hash, :now) ON CONFLICT DO NOTHING',
        { name: userName.parse(name), hash, now: Date.now() },
      ) === 1
    );
  }

  hasPassword(name: string): boolean {
    return (
      this.#db.get('SELECT 1 FROM users WHERE name = :name AND password IS NOT NULL', { name }) !==
      undefined
    );
  }

  /**
   * A new password. Her links and sessions end, but for the one that is kept; the number of sessions that ended.
   *
   * @param keep the session's name, as {@link sessionOf} gives it.
   */
  async setPassword(name: string, secret: string, keep = ''): Promise<number> {
    const hash = await hashPassword(password.parse(secret));
    this.#db.run('UPDATE users SET password = :hash WHERE name = :name', { name, hash });
    this.endLinks(name);
    return this.#end(`user = :name AND kind = 'session' AND hash <> :keep`, { name, keep });
  }

  /** No password any more, and no session; tokens stay. */
  reset(name: string): number {
    this.#db.run('UPDATE users SET password = NULL WHERE name = :name', { name });
    this.endLinks(name);
    return this.#end(`user = :name AND kind = 'session'`, { name });
  }

  /** Links that were given to her and not used are good no more. */
  endLinks(name: string): void {
    this.#end(`user = :name AND kind = 'link'`, { name });
  }

  /** Her sessions and tokens go too. */
  remove(name: string): boolean {
    const isGone = this.#db.run('DELETE FROM users WHERE name = :name', { name }) === 1;
    if (isGone) this.onEnded();
    return isGone;
  }

  tokens(user: string): Token[] {
    return this.#db.all<Token>(
      `SELECT substr(hash, 1, ${ID_LENGTH}) AS id, label, created_at AS madeAt, used_at AS usedAt,
         expires_at AS expiresAt
       FROM sessions WHERE user = :user AND kind = 'token' AND expires_at > :now ORDER BY created_at DESC, rowid DESC`,
      { user, now: Date.now() },
    );
  }

  /** False when she has no such token. */
  revokeToken(user: string, id: string): boolean {
    const which = `user = :user AND kind = 'token' AND substr(hash, 1, ${ID_LENGTH}) = :id`;
    return this.#end(which, { user, id }) > 0;
  }

  /** Whether that is her password. Takes the same time for somebody who does not exist. */
  checkPassword(name: string, secret: string): Promise<boolean> {
    const attempt = this.#trying.then(async () => {
      const row = this.#db.get<{ password: string | null }>(
        'SELECT password FROM users WHERE name = :name',
        { name },
      );
      const isRight = await verifyPassword(secret, row?.password ?? NOBODYS);
      return isRight && typeof row?.password === 'string';
    });
    this.#trying = attempt.catch(() => {});
    return attempt;
  }

  /** Makes a secret that logs her in; it is only known to whoever gets it now. */
  issue(user: string, kind: SecretKind, label = '', lifetimeMs = LIFETIMES[kind]): string {
    const secret = randomBytes(32).toString('base64url');
    const now = Date.now();
    this.#db.run('DELETE FROM sessions WHERE expires_at < :now', { now });
    this.#db.run(
      `INSERT INTO sessions (hash, user, kind, label, created_at, expires_at)
       VALUES (:hash, :user, :kind, :label, :now, :expires)`,
      { hash: sha256(secret), user, kind, label, now, expires: now + lifetimeMs },
    );
    return secret;
  }

  /** Whose secret this is, if it is good. */
  userOf(secret: string, kind: SecretKind): string | undefined {
    return this.#find(sha256(secret), kind, Date.now())?.user;
  }

  /** As {@link userOf}, noted as a use of it; `session` names it without giving it away. */
  sessionOf(
    secret: string,
    kind: SecretKind,
  ): { readonly user: string; readonly session: string } | undefined {
    const [session, now] = [sha256(secret), Date.now()];
    const found = this.#find(session, kind, now);
    if (!found) return undefined;
    if (found.used_at < now - SEEN_MS) {
      this.#db.run('UPDATE sessions SET used_at = :now WHERE hash = :session', { session, now });
      this.#db.run('UPDATE users SET seen_at = :now WHERE name = :user', { now, user: found.user });
    }
    return { user: found.user, session };
  }

  /** Whether what {@link sessionOf} named is still good. */
  isOpen(session: string): boolean {
    return this.#find(session, null, Date.now()) !== undefined;
  }

  /** As {@link userOf}, and never again: for links. */
  redeem(secret: string): string | undefined {
    return this.#db.transaction(() => {
      const user = this.userOf(secret, 'link');
      this.revoke(secret);
      return user;
    });
  }

  revoke(secret: string): void {
    this.#end('hash = :hash', { hash: sha256(secret) });
  }

  #find(hash: string, kind: SecretKind | null, now: number) {
    return this.#db.get<{ user: string; used_at: number }>(
      'SELECT user, used_at FROM sessions WHERE hash = :hash AND (:kind IS NULL OR kind = :kind) AND expires_at > :now',
      { hash, kind, now },
    );
  }

  #end(which: string, parameters: Readonly<Record<string, string>>): number {
    const ended = this.#db.run(`DELETE FROM sessions WHERE ${which}`, { ...parameters });
    if (ended > 0) this.onEnded();
    return ended;
  }
}

/** `scrypt$N$r$p$SALT$KEY`, both in base64url. */
async function hashPassword(secret: string): Promise<string> {
  const salt = randomBytes(16);
  const key = await scrypt(secret, salt, COST);
  const { N, r, p } = COST;
  return ['scrypt', N, r, p, salt.toString('base64url'), key.toString('base64url')].join('$');
}

async function verifyPassword(secret: string, hash: string): Promise<boolean> {
  const [, n, r, p, salt = '', key = ''] = hash.split('$');
  const options = { N: Number(n), r: Number(r), p: Number(p), maxmem: COST.maxmem };
  const found = await scrypt(secret, Buffer.from(salt, 'base64url'), options);
  return timingSafeEqual(found, Buffer.from(key, 'base64url'));
}

const NOBODYS = `scrypt$${COST.N}$${COST.r}$${COST.p}$${'A'.repeat(22)}$${'A'.repeat(43)}`;

function scrypt(secret: string, salt: Buffer, options: ScryptOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scryptWithCallback(secret.normalize('NFKC'), salt, KEY_BYTES, options, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
