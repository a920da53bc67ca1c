// Public ssh keys as people paste them: lines of an authorized_keys file (sshd(8)), without options.
import { z } from 'zod';

/** Some thirty RSA keys; they go through the firmware's tables, which have 64 KiB. */
const MAX_LENGTH = 20_000;
const TYPES =
  /^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)|sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com)$/;

/** One key or several, a line each; empty lines and comments are left out. */
export const sshKeys = z
  .string()
  .max(MAX_LENGTH)
  .superRefine((text, context) => {
    if (keyLines(text) === '')
      context.addIssue({ code: 'custom', message: 'there is no public key in it' });
    for (const [at, line] of text.split('\n').entries()) {
      const problem = problemOf(line);
      if (problem === undefined) continue;
      context.addIssue({ code: 'custom', message: `line ${at + 1}: ${problem}` });
      // Of a private key each further line would be told as well.
      break;
    }
  });

/** The keys alone. @example keyLines('# Ann\n\nssh-ed25519 AAAA... ann\n') // 'ssh-ed25519 AAAA... ann\n' */
export function keyLines(text: string): string {
  const lines = text.split('\n').map((line) => line.trim());
  return lines
    .filter((line) => !isNoKey(line))
    .map((line) => `${line}\n`)
    .join('');
}

/** Says nothing of what is in the line: it may be a private key. */
function problemOf(line: string): string | undefined {
  if (isNoKey(line.trim())) return undefined;
  if (/PRIVATE KEY/.test(line))
    return 'a private key, which nobody else should have: give the public one, of the file that ends with .pub';
  const [type = '', blob = ''] = line.trim().split(/\s+/);
  // Its type stands in its first bytes again, after the length of that.
  if (
    TYPES.test(type) &&
    decoded(blob)
      ?.subarray(4, 4 + type.length)
      .toString('latin1') === type
  )
    return undefined;
  return 'no public key, such as: ssh-ed25519 AAAAC3Nz... ann@laptop';
}

function decoded(blob: string): Buffer | undefined {
  return /^[A-Za-z0-9+/]{40,}={0,2}$/.test(blob) ? Buffer.from(blob, 'base64') : undefined;
}

function isNoKey(line: string): boolean {
  return line === '' || line.startsWith('#');
}
