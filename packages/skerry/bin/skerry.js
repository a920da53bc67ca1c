#!/usr/bin/env -S node --min-semi-space-size=16
// The flag saves a third of a short command's time: nothing it makes lives long enough to be worth collecting.
// Starts the CLI under a Node that can run it. In a checkout it builds dist first when a source is newer, so that
// what runs is what a release would run.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const here = dirname(fileURLToPath(import.meta.url));
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < 22 || (major === 22 && minor < 18)) {
  const newer = nodeOfTheCheckout();
  if (newer === undefined) {
    console.error(`error: skerry needs Node.js 22.18 or newer; this is ${process.versions.node}`);
    console.error('hint: install a newer one (in a checkout of skerry: npm install)');
    process.exit(1);
  }
  const self = fileURLToPath(import.meta.url);
  const { status, signal } = childProcess().spawnSync(
    newer,
    ['--min-semi-space-size=16', self, ...process.argv.slice(2)],
    {
      stdio: 'inherit',
    },
  );
  process.exit(signal ? 130 : (status ?? 1));
}
if (existsSync(join(here, '..', 'tsconfig.json'))) buildIfOlder();
require('../dist/cli/main.cjs');

/** Loaded only where it is needed, as it takes a few milliseconds. */
function childProcess() {
  return require('node:child_process');
}

function nodeOfTheCheckout() {
  try {
    const path = join(dirname(require.resolve('node/package.json')), 'bin', 'node');
    return existsSync(path) && path !== process.execPath ? path : undefined;
  } catch {
    return undefined;
  }
}

function buildIfOlder() {
  if (isFresh()) return;
  const root = join(here, '..', '..', '..');
  const build = [process.execPath, join(root, 'scripts', 'build.ts'), `--asked=${Date.now()}`];
  // Two at once: the second waits, and then has nothing to do.
  const { status, stdout, stderr, error } = childProcess().spawnSync(
    'flock',
    [join(root, 'package.json'), ...build],
    { encoding: 'utf8' },
  );
  if (status !== 0) {
    console.error(
      `warning: the build of skerry's own sources failed; what was built before is used`,
    );
    if (process.env.SKERRY_DEBUG) console.error(error ?? stdout + stderr);
  }
}

function isFresh() {
  const built = statSync(join(here, '..', 'dist', '.built'), { throwIfNoEntry: false });
  if (!built) return false;
  return ['libvirt', 'skerry'].every((name) => {
    const sources = readdirSync(join(here, '..', '..', name, 'src'), {
      recursive: true,
      withFileTypes: true,
    });
    return sources.every(
      (entry) =>
        !entry.isFile() || statSync(join(entry.parentPath, entry.name)).mtimeMs <= built.mtimeMs,
    );
  });
}
