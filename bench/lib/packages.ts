// Debian packages that a peer is made of.
import { type BenchContext, BenchError } from './bench.ts';
import { run } from './process.ts';

const INSTALL_MS = 15 * 60_000;

/** Says how to get what is missing, or gets it when asked to. Without recommended packages. @throws BenchError */
export async function installMissing(
  { signal, install, log }: BenchContext,
  missing: readonly string[],
): Promise<void> {
  if (missing.length === 0) return;
  const apt = ['apt-get', 'install', '-y', '--no-install-recommends', ...missing];
  if (!install)
    throw new BenchError(
      `the peer needs packages that are not here; run this, or add --install:\n  ${apt.join(' ')}`,
    );
  log(apt.join(' '));
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  // Lists of before name packages that the mirror has no more.
  await run(['apt-get', 'update'], { signal, env, timeoutMs: INSTALL_MS });
  await run(apt, { signal, env, timeoutMs: INSTALL_MS });
}

/** Packages with their versions, for the facts: `vcstool 0.3.0-2`. */
export async function packageVersions(
  { signal }: BenchContext,
  packages: readonly string[],
): Promise<string> {
  const format = ['dpkg-query', '-W', '-f', '${Package} ${Version}\\n'];
  const { stdout } = await run([...format, ...packages], { signal });
  return stdout.trim().split('\n').join(', ');
}
