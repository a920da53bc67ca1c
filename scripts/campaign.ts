// `npm run campaign`: the faults at 20 moments instead of 2, every property with many more runs, and a million changed
// packets for the libvirt decoder; a tree of 20,000 files and one file of 1 GiB; 2,000 killed nightlies and 200 races. It takes about four hours.
// SKERRY_SEED repeats the moments of a former run. The last line is the sum.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
}

const seed = process.env.SKERRY_SEED ?? String(Math.floor(Math.random() * 2 ** 31));
const root = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'skerry-campaign-'));
console.log(`seed ${seed} (again with: SKERRY_SEED=${seed} npm run campaign)`);

const sums = [
  run('unit', ['--project', 'unit']),
  run('faults', ['--project', 'e2e', 'test/e2e/faults.test.ts']),
  run('warm starts', ['--project', 'e2e', 'test/e2e/thaw.test.ts']),
  run('snapshots', ['--project', 'e2e', 'test/e2e/snapshot.test.ts']),
  run('trees', ['--project', 'e2e', 'test/e2e/sync.test.ts']),
  run('superprojects', ['--project', 'tools', 'packages/skerry/test/superproject-faults.test.ts']),
];
rmSync(folder, { recursive: true });
const [passed, failed] = [sum('numPassedTests'), sum('numFailedTests')];
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || sums.some(({ numPassedTests }) => numPassedTests === 0) ? 1 : 0;

function run(name: string, words: readonly string[]): Report {
  const file = join(folder, `${name}.json`);
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const reporters = ['--reporter=verbose', '--reporter=json', `--outputFile.json=${file}`];
  spawnSync(process.execPath, [vitest, 'run', ...words, ...reporters], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, SKERRY_CAMPAIGN: '1', SKERRY_SEED: seed, SKERRY_UPLINK: 'none' },
  });
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Report;
  } catch {
    return { numPassedTests: 0, numFailedTests: 1 };
  }
}

function sum(field: keyof Report): number {
  return sums.reduce((total, report) => total + report[field], 0);
}
