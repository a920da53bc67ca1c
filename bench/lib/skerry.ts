import { cp, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { BenchContext } from './bench.ts';
import { run } from './process.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** A Skerry built for one bench, as a release would be, with state, images and cache of its own. */
export interface BuiltSkerry {
  /** The command line of the CLI, to which a command is added. */
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly dataDir: string;
}

/**
 * Builds the working tree or the commit in the bench's folder. A copy, so that edits made meanwhile change nothing,
 * and without the launcher's look at the sources, which only a checkout does.
 */
export async function buildSkerry(context: BenchContext): Promise<BuiltSkerry> {
  const { dir, signal, commit } = context;
  const root = join(dir, 'skerry');
  await mkdir(root);
  if (commit === undefined) await copyTree(root);
  else {
    const script =
      'set -o pipefail; git archive "$1" packages scripts tsconfig.base.json | tar -x -C "$2"';
    await run(['bash', '-c', script, 'bash', commit, root], { signal, cwd: ROOT });
  }
  await linkModules(root);
  await run([process.execPath, join(root, 'scripts', 'build.ts')], { signal, cwd: root });
  for (const name of ['libvirt', 'skerry']) await rm(join(root, 'packages', name, 'tsconfig.json'));
  const { NODE_COMPILE_CACHE: _, NODE_OPTIONS: __, ...env } = process.env;
  return {
    argv: [join(root, 'packages', 'skerry', 'bin', 'skerry.js')],
    dataDir: join(dir, 'data'),
    env: {
      ...env,
      // Started as people start it, by its first line, which names `node` and a flag.
      PATH: `${dirname(process.execPath)}:${process.env.PATH ?? ''}`,
      SKERRY_STATE_DIR: join(dir, 'state'),
      SKERRY_DATA_DIR: join(dir, 'data'),
      SKERRY_CACHE_DIR: join(dir, 'cache'),
      SKERRY_UPLINK: 'none',
    },
  };
}

async function copyTree(root: string): Promise<void> {
  const list = ['git', 'ls-files', '--cached', '--others', '--exclude-standard', '--'];
  const { stdout } = await run([...list, 'packages', 'scripts', 'tsconfig.base.json'], {
    signal: AbortSignal.timeout(10_000),
    cwd: ROOT,
  });
  for (const file of stdout.split('\n').filter(Boolean)) {
    await mkdir(dirname(join(root, file)), { recursive: true });
    // A file deleted but not yet committed is listed too.
    await cp(join(ROOT, file), join(root, file)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }
}

/** A node_modules with the checkout's packages, but the copy's own. */
async function linkModules(root: string): Promise<void> {
  const modules = join(root, 'node_modules');
  await mkdir(join(modules, '@skerry'), { recursive: true });
  for (const name of await readdir(join(ROOT, 'node_modules')))
    if ((!name.startsWith('.') || name === '.bin') && !['@skerry', 'skerry'].includes(name))
      await symlink(join(ROOT, 'node_modules', name), join(modules, name));
  await symlink(join(root, 'packages', 'libvirt'), join(modules, '@skerry', 'libvirt'));
  await writeFile(join(root, 'package.json'), '{ "type": "module" }\n');
}
