// What a new hypervisor is given to join with: where central is, by which certificate it is known, and a secret that is good
// once. It is short-lived, since it may be pasted into a terminal.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { hypervisorName, PEER_ADDRESS } from '../entity.ts';

import { VerbError } from '../verb-error.ts';

const schema = z.object({
  /** Or what a central is called on the bus of another one: then it is for a standby. */
  hypervisor: hypervisorName.or(z.literal(PEER_ADDRESS)),
  /** `https://central.example.org:8443` */
  url: z.url(),
  /** The SHA-256 of central's authority, in hex: its certificate itself would make the token long. */
  authority: z.string().regex(/^[0-9a-f]{64}$/),
  secret: z.string().min(20),
});
export type JoinToken = z.infer<typeof schema>;

const PREFIX = 'skerry-join-';

/** @example formatToken({ hypervisor: 'hv1', … }) // 'skerry-join-eyJo…' */
export function formatToken(token: JoinToken): string {
  return PREFIX + Buffer.from(JSON.stringify(token)).toString('base64url');
}

/** @throws VerbError `invalid` when it is no token, or not whole. */
export function parseToken(text: string): JoinToken {
  const trimmed = text.trim();
  try {
    if (!trimmed.startsWith(PREFIX)) throw new Error('no prefix');
    const json = Buffer.from(trimmed.slice(PREFIX.length), 'base64url').toString('utf8');
    return schema.parse(JSON.parse(json));
  } catch (cause) {
    const error = new VerbError(
      'invalid',
      `this is no whole token: one begins with '${PREFIX}' and is a single line`,
    );
    error.cause = cause;
    throw error;
  }
}

/** The fingerprint that a token has of an authority's certificate (PEM). */
export function fingerprintOf(certificate: string): string {
  const der = Buffer.from(certificate.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  return createHash('sha256').update(der).digest('hex');
}
