// SCRAM (RFC 5802, 7677): proves that we know the password without telling it, and has the server prove the same.
import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const HASHES = {
  'SCRAM-SHA-512': 'sha512',
  'SCRAM-SHA-256': 'sha256',
  'SCRAM-SHA-1': 'sha1',
} as const;
export type ScramMechanism = keyof typeof HASHES;

/** More would only keep us busy; RFC 7677 wants at least 4096, and so do we. */
const MAX_ITERATIONS = 1_000_000;
const MIN_ITERATIONS = 4096;
const derive = promisify(pbkdf2);

/** The best of what the server offers; undefined when it offers none of ours. */
export function chooseMechanism(offered: readonly string[]): ScramMechanism | undefined {
  return (Object.keys(HASHES) as ScramMechanism[]).find((name) => offered.includes(name));
}

export interface Scram {
  readonly first: string;
  /**
   * The answer to the server's challenge. The key is derived on a thread of its own: our event loop goes on.
   * @throws Error when the challenge is not one for us.
   */
  answer(challenge: string): Promise<string>;
  /** Whether the server knows the password as well. Only then is it the server that we wanted. */
  verify(final: string): boolean;
}

/** Begins one login. `nonce` is only given by tests. */
export function startScram(
  mechanism: ScramMechanism,
  user: string,
  password: string,
  nonce: string = randomBytes(18).toString('base64'),
): Scram {
  const hash = HASHES[mechanism];
  const hmac = (key: Buffer, text: string): Buffer => createHmac(hash, key).update(text).digest();
  const firstBare = `n=${user.replaceAll('=', '=3D').replaceAll(',', '=2C')},r=${nonce}`;
  let serverSignature: Buffer | undefined;
  return {
    first: `n,,${firstBare}`,
    async answer(challenge) {
      const { r = '', s = '', i = '' } = fieldsOf(challenge);
      const iterations = Number(i);
      if (!r.startsWith(nonce) || r.length === nonce.length)
        throw new Error('the server answered another login than ours');
      if (!(iterations >= MIN_ITERATIONS && iterations <= MAX_ITERATIONS))
        throw new Error(`the server asks for ${i} rounds`);
      const length = createHash(hash).digest().length;
      const salted = await derive(
        password.normalize('NFKC'),
        Buffer.from(s, 'base64'),
        iterations,
        length,
        hash,
      );
      const withoutProof = `c=biws,r=${r}`;
      const all = `${firstBare},${challenge},${withoutProof}`;
      const clientKey = hmac(salted, 'Client Key');
      const signature = hmac(createHash(hash).update(clientKey).digest(), all);
      const proof = clientKey.map((byte, at) => byte ^ (signature[at] ?? 0));
      serverSignature = hmac(hmac(salted, 'Server Key'), all);
      return `${withoutProof},p=${Buffer.from(proof).toString('base64')}`;
    },
    verify(final) {
      const given = Buffer.from(fieldsOf(final).v ?? '', 'base64');
      return (
        serverSignature !== undefined &&
        given.length === serverSignature.length &&
        timingSafeEqual(given, serverSignature)
      );
    },
  };
}

function fieldsOf(message: string): Record<string, string> {
  return Object.fromEntries(
    message.split(',').map((field) => [field.slice(0, 1), field.slice(2)] as const),
  );
}
