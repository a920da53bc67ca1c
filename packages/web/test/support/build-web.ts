import { glob, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'vite';

const WEB = join(import.meta.dirname, '..', '..');
const SOURCES = ['src/**', 'public/**', 'index.html', 'vite.config.ts', 'package.json'];

/**
 * Builds the UI as it is released, unless that was done since the last change, and gives the folder. The tests' own mode would
 * bring React's development build.
 */
export async function buildWeb(): Promise<string> {
  const dist = join(WEB, 'dist');
  if (await isNew(join(dist, 'index.html'))) return dist;
  process.env['NODE_ENV'] = 'production';
  await build({ root: WEB, logLevel: 'error' });
  return dist;
}

async function isNew(built: string): Promise<boolean> {
  const at = await stat(built).catch(() => undefined);
  if (!at) return false;
  for await (const file of glob(SOURCES, { cwd: WEB }))
    if ((await stat(join(WEB, file))).mtimeMs >= at.mtimeMs) return false;
  return true;
}
