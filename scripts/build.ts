// Builds the packages: the libvirt package and all types by tsc, the CLI as bundles by rolldown (decision 010),
// and the web UI (build-web.ts).
// bin/skerry.js runs this in a checkout whose sources are newer, so a command may be running from the old files:
// chunks are named by their content and stay for a day, and the files that name them are replaced last, in one step.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  globSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type OutputAsset, type OutputChunk, type OutputOptions, rolldown } from 'rolldown';
import { buildWeb } from './build-web.ts';
import { licensesOf } from './licenses.ts';

const DAY_MS = 86_400_000;
const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const skerry = join(root, 'packages', 'skerry');
const dist = join(skerry, 'dist');

const began = new Date();
// Somebody who waited for another build needs none, when that one began after he asked.
const asked = process.argv[2]?.replace('--asked=', '');
if (asked !== undefined && builtAt() > Number(asked)) process.exit();
const web = buildWeb(root);
const [types, ...bundles] = await Promise.all([
  run('tsc', '-b', 'packages/libvirt', 'packages/skerry'),
  // CommonJS: Node starts it faster, and does not look at each export of its own modules, as it has to for ESM.
  bundle(
    {
      main: 'src/cli/main.ts',
      supervisor: 'src/sandbox/supervisor.ts',
      forwarder: 'src/lab/forwarder.ts',
      'live-sync': 'src/lab/live-sync.ts',
      'listen-inside': 'src/hypervisors/listen-inside.ts',
      'ssh-proxy': 'src/lab/ssh-proxy.ts',
    },
    {
      format: 'cjs',
      entryFileNames: 'cli/[name].cjs',
      chunkFileNames: 'cli/chunk-[name]-[hash].cjs',
    },
  ),
  bundle({ index: 'src/index.ts' }, { format: 'esm' }),
  bundle(
    { superproject: 'src/superproject.ts' },
    { format: 'esm', chunkFileNames: 'cli/chunk-[name]-[hash].js' },
  ),
  // Beside the supervisor and the forwarder, which it starts.
  bundle(
    { testing: 'src/testing.ts' },
    {
      format: 'esm',
      entryFileNames: 'cli/[name].js',
      chunkFileNames: 'cli/chunk-[name]-[hash].js',
    },
  ),
]);
await web;
if (types === 0) write(bundles.flat());
process.exitCode = types;

async function run(program: string, ...args: string[]): Promise<number> {
  const child = spawn(process.execPath, [join(root, 'node_modules', '.bin', program), ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}

/** When the last build began. */
function builtAt(): number {
  return statSync(join(dist, '.built'), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

type Output = OutputChunk | OutputAsset;

async function bundle(input: Record<string, string>, output: OutputOptions): Promise<Output[]> {
  await using build = await rolldown({
    cwd: skerry,
    input,
    platform: 'node',
    resolve: { conditionNames: ['@skerry/source', 'node', 'import', 'default'] },
    // What is imported at once in one place and late in another just shares a chunk.
    checks: { ineffectiveDynamicImport: false },
  });
  // Names stay, for stacks. With source maps on (--debug) these show the places in the sources too.
  const minify = { compress: true, mangle: false, codegen: true } as const;
  return (await build.generate({ ...output, minify, sourcemap: true })).output;
}

function write(built: readonly Output[]): void {
  mkdirSync(join(dist, 'cli'), { recursive: true });
  for (const item of built.toSorted((a, b) => Number(isEntry(a)) - Number(isEntry(b)))) {
    const file = join(dist, item.fileName);
    writeFileSync(`${file}.new`, item.type === 'chunk' ? item.code : item.source);
    renameSync(`${file}.new`, file);
  }
  const modules = built.flatMap((item) => (item.type === 'chunk' ? item.moduleIds : []));
  writeFileSync(join(dist, 'licenses.txt'), licensesOf(modules));
  removeOldChunks(new Set(built.map(({ fileName }) => fileName)));
  // What was edited while this ran counts as newer.
  writeFileSync(join(dist, '.built'), '');
  utimesSync(join(dist, '.built'), began, began);
}

function isEntry(item: Output): boolean {
  return item.type === 'chunk' && item.isEntry;
}

/** Those of the last day stay: a command that still runs may ask for one. */
function removeOldChunks(current: ReadonlySet<string>): void {
  for (const file of globSync('cli/chunk-*', { cwd: dist })) {
    const path = join(dist, file);
    if (!current.has(file) && Date.now() - statSync(path).mtimeMs > DAY_MS) rmSync(path);
  }
}
