// A certificate authority of our own, for parts that only talk to each other (RFC 5280, in DER). Whoever has its
// certificate knows the server by it and by nothing else.
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto';
import { isIPv4 } from 'node:net';

/** A certificate and its key, in PEM. */
export interface Credential {
  readonly certificate: string;
  readonly key: string;
}

const DAY_MS = 24 * 3600 * 1000;
const AUTHORITY_DAYS = 3650;
/** Browsers and others take no more than 398 days of a server. */
const SERVER_DAYS = 397;

/** Makes an authority. Its key is to be kept where only its owner reads it. */
export function makeAuthority(name: string): Credential {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return certify({
    name,
    key: privateKey,
    issuer: { name, key: privateKey },
    days: AUTHORITY_DAYS,
    extensions: [
      extension('2.5.29.19', true, sequence(tlv(0x01, [0xff]))),
      // May sign certificates and lists of revoked ones.
      extension('2.5.29.15', true, tlv(0x03, [0x01, 0x06])),
    ],
  });
}

/** Makes the certificate of a server, for all names and IPv4 addresses that it is called by. */
export function issueCertificate(authority: Credential, names: readonly string[]): Credential {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const issuerKey = createPrivateKey(authority.key);
  const issuer = new X509Certificate(authority.certificate).subject.replace(/^CN=/, '');
  const alternatives = names.map((name) =>
    isIPv4(name) ? tlv(0x87, name.split('.').map(Number)) : tlv(0x82, Buffer.from(name, 'ascii')),
  );
  return certify({
    name: names[0] ?? 'server',
    key: privateKey,
    issuer: { name: issuer, key: issuerKey },
    days: SERVER_DAYS,
    extensions: [
      extension('2.5.29.19', true, sequence()),
      extension('2.5.29.15', true, tlv(0x03, [0x07, 0x80])),
      extension('2.5.29.37', false, sequence(oid('1.3.6.1.5.5.7.3.1'))),
      extension('2.5.29.17', false, sequence(...alternatives)),
    ],
  });
}

interface Order {
  readonly name: string;
  readonly key: KeyObject;
  readonly issuer: { readonly name: string; readonly key: KeyObject };
  readonly days: number;
  readonly extensions: readonly Buffer[];
}

function certify({ name, key, issuer, days, extensions }: Order): Credential {
  const serial = randomBytes(16);
  // Positive, and not zero.
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  const now = Date.now();
  const algorithm = sequence(oid('1.2.840.10045.4.3.2'));
  const toBeSigned = sequence(
    tlv(0xa0, tlv(0x02, [2])),
    tlv(0x02, serial),
    algorithm,
    distinguishedName(issuer.name),
    // A day ago: clocks differ.
    sequence(time(now - DAY_MS), time(now + days * DAY_MS)),
    distinguishedName(name),
    publicKeyOf(key),
    tlv(
      0xa3,
      sequence(
        ...extensions,
        extension('2.5.29.14', false, tlv(0x04, keyId(key))),
        extension('2.5.29.35', false, sequence(tlv(0x80, keyId(issuer.key)))),
      ),
    ),
  );
  const signature = sign('sha256', toBeSigned, issuer.key);
  const der = sequence(toBeSigned, algorithm, tlv(0x03, Buffer.concat([Buffer.of(0), signature])));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`,
    key: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

function publicKeyOf(key: KeyObject): Buffer {
  return createPublicKey(key).export({ type: 'spki', format: 'der' });
}

function keyId(key: KeyObject): Buffer {
  return createHash('sha1').update(publicKeyOf(key)).digest();
}

function distinguishedName(name: string): Buffer {
  const commonName = sequence(oid('2.5.4.3'), tlv(0x0c, Buffer.from(name)));
  return sequence(tlv(0x31, commonName));
}

function extension(id: string, isCritical: boolean, value: Buffer): Buffer {
  const critical = isCritical ? [tlv(0x01, [0xff])] : [];
  return sequence(oid(id), ...critical, tlv(0x04, value));
}

/** GeneralizedTime from 2050 on, UTCTime before, as RFC 5280 wants it. */
function time(at: number): Buffer {
  const digits = new Date(at).toISOString().replace(/[-:T]|\.\d+/g, '');
  return digits < '2050' ? tlv(0x17, Buffer.from(digits.slice(2))) : tlv(0x18, Buffer.from(digits));
}

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const number of rest) {
    const septets = [number & 0x7f];
    for (let more = number >> 7; more > 0; more >>= 7) septets.unshift((more & 0x7f) | 0x80);
    bytes.push(...septets);
  }
  return tlv(0x06, bytes);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tlv(0x30, Buffer.concat(parts));
}

/** Type, length, value. */
function tlv(type: number, value: Uint8Array | readonly number[]): Buffer {
  const { length } = value;
  const long: number[] = [];
  for (let rest = length; rest > 0; rest >>= 8) long.unshift(rest & 0xff);
  const head = length < 0x80 ? [length] : [0x80 | long.length, ...long];
  return Buffer.concat([Buffer.from([type, ...head]), Buffer.from(value)]);
}
