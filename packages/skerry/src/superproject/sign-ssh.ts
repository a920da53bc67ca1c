import { run } from '../util/run.ts';
import { SkerryError } from '../util/errors.ts';

/**
 * Signs as git does with `gpg.format = ssh` (ssh-keygen(1) -Y sign, namespace `git`). Ed25519 and RSA give the same
 * bytes each time; ECDSA does not, so it is refused.
 *
 * @param key the file of a private key without a passphrase, or of a public key that an agent holds the private one of
 * @throws SP_SIGN
 */
export async function signSsh(payload: string, key: string, namespace = 'git'): Promise<string> {
  const { code, stdout, stderr } = await run(
    'ssh-keygen',
    ['-Y', 'sign', '-n', namespace, '-f', key],
    {
      input: payload,
      env: { ...process.env, SSH_ASKPASS_REQUIRE: 'never', LC_ALL: 'C' },
    },
  );
  if (code !== 0) throw new SkerryError('SP_SIGN', { data: { key, reason: stderr.trim() } });
  const type = Buffer.from(stdout.replace(/-----[^-]+-----|\s/g, ''), 'base64').toString('latin1');
  if (type.includes('ecdsa-sha2'))
    throw new SkerryError('SP_SIGN', {
      data: { key, reason: 'an ECDSA signature is different each time; take an ed25519 key' },
    });
  return stdout;
}
