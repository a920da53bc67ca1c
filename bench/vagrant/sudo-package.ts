import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { BenchContext } from '../lib/bench.ts';
import { run } from '../lib/process.ts';

const CACHE = join(import.meta.dirname, '..', '.cache');

/** Debian's sudo, which every box has and our image has not, unpacked in the bench's folder; downloaded once. */
export async function unpackSudo({ dir, signal, log }: BenchContext): Promise<string> {
  await mkdir(CACHE, { recursive: true });
  if (!(await findPackage())) {
    log(`fetching Debian's sudo package for the box into ${CACHE}`);
    await run(['apt-get', 'download', 'sudo'], { signal, cwd: CACHE });
  }
  const target = join(dir, 'sudo');
  await run(['dpkg-deb', '-x', join(CACHE, (await findPackage()) ?? ''), target], { signal });
  return target;
}

async function findPackage(): Promise<string | undefined> {
  return (await readdir(CACHE)).find((name) => /^sudo_.*\.deb$/.test(name));
}
