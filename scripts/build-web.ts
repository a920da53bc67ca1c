// Builds the web UI into packages/skerry/dist/web, when one of its sources is newer than what was built last.
import { globSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RolldownOutput } from 'rolldown';
import { licensesOf } from './licenses.ts';

/** The fonts are in the styles, where no bundle says whose they are. */
const FONTS = ['@fontsource-variable/inter', '@fontsource-variable/jetbrains-mono'];

export async function buildWeb(root: string): Promise<void> {
  const web = join(root, 'packages', 'web');
  const outDir = join(root, 'packages', 'skerry', 'dist', 'web');
  if (isFresh(web, outDir)) return;
  const fresh = `${outDir}.new`;
  // Only now: it takes a third of a second to load.
  const { build } = await import('vite');
  process.env['SKERRY_WEB_OUT'] = fresh;
  process.env['NODE_ENV'] = 'production';
  const built = (await build({ root: web, logLevel: 'warn' })) as RolldownOutput;
  const modules = built.output.flatMap((item) => (item.type === 'chunk' ? item.moduleIds : []));
  const fonts = FONTS.map((name) => join(root, 'node_modules', name, 'index.css'));
  writeFileSync(join(fresh, 'licenses.txt'), licensesOf([...modules, ...fonts]));
  mkdirSync(outDir, { recursive: true });
  rmSync(outDir, { recursive: true, force: true });
  renameSync(fresh, outDir);
}

function isFresh(web: string, outDir: string): boolean {
  const builtAt = statSync(join(outDir, 'licenses.txt'), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const sources = globSync(['src/**/*', 'public/*', 'index.html', '*.ts', 'package.json'], {
    cwd: web,
  });
  return sources.every((file) => statSync(join(web, file)).mtimeMs < builtAt);
}
