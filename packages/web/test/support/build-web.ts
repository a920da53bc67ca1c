import { join } from 'node:path';
import { build } from 'vite';

const WEB = join(import.meta.dirname, '..', '..');

/** Builds the UI as it is released, and gives the folder. The tests' own mode would bring React's development build. */
export async function buildWeb(): Promise<string> {
  process.env['NODE_ENV'] = 'production';
  await build({ root: WEB, logLevel: 'error' });
  return join(WEB, 'dist');
}
