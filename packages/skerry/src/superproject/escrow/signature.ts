import { readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SkerryError } from '../../util/errors.ts';
import { run } from '../../util/run.ts';
import { SIGNATURE, SUMS } from './sums.ts';

/** The namespace of signatures of deposits (ssh-keygen(1) -Y). */
export const NAMESPACE = 'skerry-escrow';

/** Who signed a deposit. */
export interface Signer {
  /** As the file of allowed signers names them; none without such a file. */
  readonly principal: string | undefined;
  /** Such as `ED25519 SHA256:…`. */
  readonly key: string;
}

/**
 * Checks the signature over the list of hashes. With a file of allowed signers (ssh-keygen(1), ALLOWED SIGNERS) it has to
 * be by one of them; without, it only has to be right.
 *
 * @returns undefined where nobody signed and nobody has to
 * @throws SP_ESCROW_UNSIGNED
 */
export async function checkSignature(
  dir: string,
  allowedSigners: string | undefined,
): Promise<Signer | undefined> {
  const file = join(dir, SIGNATURE);
  if (!existsSync(file)) {
    if (allowedSigners === undefined) return undefined;
    throw refused(dir, `there is no ${SIGNATURE}`);
  }
  const input = await readFile(join(dir, SUMS), 'utf8');
  const about = ['-n', NAMESPACE, '-s', file];
  if (allowedSigners === undefined) {
    const { code, stdout, stderr } = await run('ssh-keygen', ['-Y', 'check-novalidate', ...about], {
      input,
    });
    if (code !== 0) throw refused(dir, (stderr || stdout).trim());
    return { principal: undefined, key: keyOf(stdout) };
  }
  const find = ['-Y', 'find-principals', '-s', file, '-f', allowedSigners];
  const found = await run('ssh-keygen', find);
  const principal = found.stdout.split('\n')[0]?.split(',')[0] ?? '';
  if (found.code !== 0 || principal === '')
    throw refused(dir, `its key is not in ${allowedSigners}`);
  const verify = ['-Y', 'verify', '-f', allowedSigners, '-I', principal, ...about];
  const { code, stdout, stderr } = await run('ssh-keygen', verify, { input });
  if (code !== 0) throw refused(dir, (stderr || stdout).trim());
  return { principal, key: keyOf(stdout) };
}

function keyOf(said: string): string {
  const [, type = 'key', print = ''] = /with (\S+) key (SHA256:\S+)/.exec(said) ?? [];
  return `${type} ${print}`.trim();
}

function refused(dir: string, reason: string): SkerryError {
  return new SkerryError('SP_ESCROW_UNSIGNED', { data: { dir, reason } });
}
