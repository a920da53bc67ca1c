import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

/** Who we are, for a daemon that asks with SASL. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** One exchange. Throws an Error whose message has no secret in it. */
export interface SaslMechanism {
  readonly name: string;
  readonly start: Buffer;
  /** Answers a challenge; null when there is nothing left to say. */
  step(challenge: Buffer): Promise<Buffer | null>;
  /** Whether the server has proven that it knows the password too, where the mechanism asks. */
  readonly isDone: boolean;
}

const hashes = { 'SCRAM-SHA-512': 'sha512', 'SCRAM-SHA-256': 'sha256', 'SCRAM-SHA-1': 'sha1' };
/** What we can do, best first. */
export const knownMechanisms: readonly string[] = [...Object.keys(hashes), 'PLAIN'];

/**
 * Chooses the best mechanism that the daemon offers and that is safe here: PLAIN sends the password,
 * so never over a connection that others can read. Undefined when there is none.
 */
export function chooseMechanism(offered: string, isSecure: boolean): string | undefined {
  const names = offered.split(/[ ,]+/);
  return knownMechanisms.find((name) => names.includes(name) && (isSecure || name !== 'PLAIN'));
}

export function startSasl(
  mechanism: string,
  credentials: Credentials,
  nonce: string = randomBytes(18).toString('base64'),
): SaslMechanism {
  if (mechanism === 'PLAIN') return new Plain(credentials);
  const hash = hashes[mechanism as keyof typeof hashes];
  if (hash === undefined) throw new Error(`SASL mechanism ${mechanism} is not known`);
  return new Scram(mechanism, hash, credentials, nonce);
}

/** RFC 4616. */
class Plain implements SaslMechanism {
  readonly name = 'PLAIN';
  readonly isDone = true;
  readonly start: Buffer;

  constructor({ username, password }: Credentials) {
    if (`${username}${password}`.includes('\0')) throw new Error('credentials contain a NUL');
    this.start = Buffer.from(`\0${username}\0${password}`);
  }

  async step(): Promise<Buffer | null> {
    return null;
  }
}

/** No channel binding: libvirt offers none. */
const GS2_HEADER = 'n,,';
/** More rounds than any sane server asks for; a hostile one could keep us busy for ever. */
const MAX_ROUNDS = 1_000_000;

/** RFC 5802 and RFC 7677. */
class Scram implements SaslMechanism {
  readonly name: string;
  readonly start: Buffer;
  readonly #hash: string;
  readonly #password: string;
  readonly #nonce: string;
  readonly #first: string;
  #serverSignature: Buffer | undefined;
  #isDone = false;

  constructor(name: string, hash: string, { username, password }: Credentials, nonce: string) {
    this.name = name;
    this.#hash = hash;
    this.#password = password.normalize('NFKC');
    this.#nonce = nonce;
    const user = username.normalize('NFKC').replaceAll('=', '=3D').replaceAll(',', '=2C');
    this.#first = `n=${user},r=${nonce}`;
    this.start = Buffer.from(`${GS2_HEADER}${this.#first}`);
  }

  get isDone(): boolean {
    return this.#isDone;
  }

  async step(challenge: Buffer): Promise<Buffer | null> {
    const text = challenge.toString('utf8');
    const fields = new Map(text.split(',').map((field) => [field.slice(0, 2), field.slice(2)]));
    const error = fields.get('e=');
    if (error !== undefined) throw new Error(`the daemon refuses: ${error.slice(0, 100)}`);
    if (this.#serverSignature === undefined) return this.#prove(text, fields);
    this.#verify(fields.get('v=') ?? '');
    return null;
  }

  async #prove(serverFirst: string, fields: ReadonlyMap<string, string>): Promise<Buffer> {
    const [nonce = '', salt = '', rounds = ''] = ['r=', 's=', 'i='].map((key) => fields.get(key));
    const count = Number(rounds);
    if (!nonce.startsWith(this.#nonce) || nonce === this.#nonce || fields.has('m=')) {
      throw new Error('the daemon answers another SCRAM exchange than ours');
    }
    if (salt === '' || !Number.isInteger(count) || count < 1 || count > MAX_ROUNDS) {
      throw new Error(`the daemon asks for "${rounds.slice(0, 20)}" rounds of SCRAM`);
    }
    const size = createHash(this.#hash).digest().length;
    const salted = await promisify(pbkdf2)(
      ...([this.#password, Buffer.from(salt, 'base64'), count, size, this.#hash] as const),
    );
    const clientKey = this.#hmac(salted, 'Client Key');
    const storedKey = createHash(this.#hash).update(clientKey).digest();
    const channel = Buffer.from(GS2_HEADER).toString('base64');
    const withoutProof = `c=${channel},r=${nonce}`;
    const transcript = `${this.#first},${serverFirst},${withoutProof}`;
    const signature = this.#hmac(storedKey, transcript);
    const proof = Buffer.from(clientKey.map((byte, at) => byte ^ (signature[at] ?? 0)));
    this.#serverSignature = this.#hmac(this.#hmac(salted, 'Server Key'), transcript);
    return Buffer.from(`${withoutProof},p=${proof.toString('base64')}`);
  }

  #verify(value: string): void {
    const given = Buffer.from(value, 'base64');
    const expected = this.#serverSignature ?? Buffer.alloc(0);
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      throw new Error('the daemon does not know the password: it may be another one');
    }
    this.#isDone = true;
  }

  #hmac(key: Buffer, text: string): Buffer {
    return createHmac(this.#hash, key).update(text).digest();
  }
}
