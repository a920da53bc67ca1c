// Who may log in. Passwords are kept as scrypt hashes, sessions and tokens as SHA-256 of their secret: who reads the
// database can log in as nobody.
import {
  createHash,
  randomBytes,
  scrypt as scryptWithCallback,
  type ScryptOptions,
  timingSafeEqual,
} from 'node:crypto';
import { z } from 'zod';
import type { Database } from './database.ts';

export const userName = z
  .string()
  .regex(/^[a-z][a-z0-9._-]{0,62}$/, 'small letters, digits and . _ -, beginning with a letter');
export const password = z.string().min(10, 'at least 10 characters').max(1000);

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

export class Users {
  readonly #db: Database;
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

  /** A new password; every session of hers ends. */
  async setPassword(name: string, secret: string): Promise<boolean> {
    const hash = await hashPassword(password.parse(secret));
    this.#db.run(`DELETE FROM sessions WHERE user = :name AND kind = 'session'`, { name });
    return (
      this.#db.run('UPDATE users SET password = :hash WHERE name = :name', { name, hash }) === 1
    );
  }

  /** Her sessions and tokens go too. */
  remove(name: string): boolean {
    return this.#db.run('DELETE FROM users WHERE name = :name', { name }) === 1;
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
  issue(user: string, kind: SecretKind, label = ''): string {
    const secret = randomBytes(32).toString('base64url');
    const now = Date.now();
    this.#db.run('DELETE FROM sessions WHERE expires_at < :now', { now });
    this.#db.run(
      'INSERT INTO sessions (hash, user, kind, label, expires_at) VALUES (:hash, :user, :kind, :label, :expires)',
      { hash: sha256(secret), user, kind, label, expires: now + LIFETIMES[kind] },
    );
    return secret;
  }

  /** Whose secret this is, if it is good. */
  userOf(secret: string, kind: SecretKind): string | undefined {
    return this.#db.get<{ user: string }>(
      'SELECT user FROM sessions WHERE hash = :hash AND kind = :kind AND expires_at > :now',
      { hash: sha256(secret), kind, now: Date.now() },
    )?.user;
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
    this.#db.run('DELETE FROM sessions WHERE hash = :hash', { hash: sha256(secret) });
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
