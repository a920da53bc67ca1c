#!/usr/bin/env -S node --min-semi-space-size=16
// The flag spares collections: nothing a short command makes lives long enough to be worth one.
// Starts the CLI under a Node that can run it. In a checkout it builds dist first when a source is newer, so that
// what runs is what a release would run. CommonJS: Node needs less time to start it.
const { existsSync, readdirSync, statSync } = require('node:fs');
const { dirname, join } = require('node:path');

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const isOld = major < 22 || (major === 22 && minor < 18);

if (isOld) runWithNewerNode();
else {
  if (existsSync(join(__dirname, '..', 'tsconfig.json'))) buildIfOlder();
  require('../dist/cli/main.cjs');
}

function runWithNewerNode() {
  const newer = nodeOfTheCheckout();
  if (newer === undefined) {
    console.error(`error: skerry needs Node.js 22.18 or newer; this is ${process.versions.node}`);
    console.error('hint: install a newer one (in a checkout of skerry: npm install)');
    process.exit(1);
  }
  const { spawn } = require('node:child_process');
  const words = ['--min-semi-space-size=16', __filename, ...process.argv.slice(2)];
  const child = spawn(newer, words, { stdio: 'inherit' });
  // A terminal's Ctrl-C reaches the child by itself; this process only waits for it.
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(name, () => {
      if (name !== 'SIGINT' || !process.stdin.isTTY) child.kill(name);
    });
  child.on('exit', (status, signal) => process.exit(signal ? 130 : (status ?? 1)));
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
  const { spawnSync } = require('node:child_process');
  const root = join(__dirname, '..', '..', '..');
  const build = [process.execPath, join(root, 'scripts', 'build.ts'), `--asked=${Date.now()}`];
  console.error('skerry: its sources are newer than what is built of them; building, some seconds');
  // Two at once: the second waits, and then has nothing to do.
  const { status, stdout, stderr, error } = spawnSync(
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
  const built = statSync(join(__dirname, '..', 'dist', '.built'), { throwIfNoEntry: false });
  if (!built) return false;
  return ['libvirt', 'skerry'].every((name) =>
    isOlder(join(__dirname, '..', '..', name, 'src'), built.mtimeMs),
  );
}

/** Whether all sources in a folder are. A walk of our own: readdir's takes ten times as long. */
function isOlder(folder, time) {
  return readdirSync(folder, { withFileTypes: true }).every((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return isOlder(path, time);
    return path.endsWith('.test.ts') || statSync(path).mtimeMs <= time;
  });
}
