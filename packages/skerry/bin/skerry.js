#!/usr/bin/env -S node --min-semi-space-size=16
// The flag saves a third of a short command's time: nothing it makes lives long enough to be worth collecting.
// Starts the CLI under a Node that can run it. In a checkout it builds dist first when a source is newer, so that
// what runs is what a release would run.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const main = join(here, '..', 'dist', 'cli', 'main.js');
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < 22 || (major === 22 && minor < 18)) {
  const newer = nodeOfTheCheckout();
  if (newer === undefined) {
    console.error(`error: skerry needs Node.js 22.18 or newer; this is ${process.versions.node}`);
    console.error('hint: install a newer one (in a checkout of skerry: npm install)');
    process.exit(1);
  }
  const self = fileURLToPath(import.meta.url);
  const { status, signal } = spawnSync(
    newer,
    ['--min-semi-space-size=16', self, ...process.argv.slice(2)],
    {
      stdio: 'inherit',
    },
  );
  process.exit(signal ? 130 : (status ?? 1));
}
if (existsSync(join(here, '..', 'tsconfig.json'))) buildIfOlder();
await import(pathToFileURL(main).href);

function nodeOfTheCheckout() {
  try {
    const path = join(
      dirname(createRequire(import.meta.url).resolve('node/package.json')),
      'bin',
      'node',
    );
    return existsSync(path) && path !== process.execPath ? path : undefined;
  } catch {
    return undefined;
  }
}

function buildIfOlder() {
  const packages = ['libvirt', 'skerry'].map((name) => join(here, '..', '..', name));
  if (packages.every(isFresh)) return;
  const root = join(here, '..', '..', '..');
  const tsc = join(root, 'node_modules', '.bin', 'tsc');
  const build = [process.execPath, tsc, '-b', ...packages];
  // Two at once: the second waits, and then has little to do.
  const { status, stdout, error } = spawnSync('flock', [join(root, 'package.json'), ...build], {
    encoding: 'utf8',
  });
  if (status !== 0) {
    console.error(
      `warning: the build of skerry's own sources failed; what was built before is used`,
    );
    if (process.env.SKERRY_DEBUG) console.error(stdout || error);
  }
}

function isFresh(folder) {
  const built = statSync(join(folder, 'dist', '.tsbuildinfo'), { throwIfNoEntry: false });
  if (!built) return false;
  const sources = readdirSync(join(folder, 'src'), { recursive: true, withFileTypes: true });
  return sources.every(
    (entry) =>
      !entry.isFile() || statSync(join(entry.parentPath, entry.name)).mtimeMs <= built.mtimeMs,
  );
}
