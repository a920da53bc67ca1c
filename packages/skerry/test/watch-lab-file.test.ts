// A lab file that is saved is seen, once for each save; and words of `watch` that no file fits are found beside it.
import { mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { unmatchedText, unmatchedWatch } from '../src/lab/unmatched-watch.ts';
import { watchLabFile } from '../src/lab/watch-lab-file.ts';
import { loadLab } from '../src/lab-file/load.ts';
import { poll } from '../src/util/poll.ts';

let dir = '';
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'lab-file-'))));
afterEach(() => rmSync(dir, { recursive: true }));

test('each save of a lab file is told once; one that changes nothing is none', async () => {
  const file = join(dir, 'skerry.config.ts');
  writeFileSync(file, 'one');
  const end = new AbortController();
  let told = 0;
  watchLabFile(file, end.signal, () => told++);
  const isTold = (times: number): Promise<true> =>
    poll(() => (told === times ? true : undefined), {
      timeoutMs: 10_000,
      onTimeout: () => new Error(`told ${told} times`),
    });
  writeFileSync(file, 'two');
  await isTold(1);
  // As an editor does it.
  writeFileSync(`${file}~`, 'three');
  renameSync(`${file}~`, file);
  await isTold(2);
  utimesSync(file, 1, 1);
  await sleep(1500);
  expect(told).toBe(2);
  end.abort();
});

test('what daemons watch and is not there is named, ignored files and builds left out', async () => {
  mkdirSync(join(dir, 'lib'));
  for (const path of ['server.pl', 'lib/a.pl', 'secret.pl']) writeFileSync(join(dir, path), '');
  writeFileSync(join(dir, '.gitignore'), 'secret.pl\n');
  const config = {
    name: 'demo',
    tree: { from: '.', to: '/srv/src' },
    machines: { one: {} },
    daemons: {
      node: { command: 'x', watch: ['servr.pl', 'lib/**', 'secret.pl'] },
      built: { command: 'x', build: 'make', watch: ['out/**'] },
      fine: { command: 'x', watch: ['server.pl'] },
    },
  };
  writeFileSync(join(dir, 'skerry.config.json'), JSON.stringify(config));
  const lab = await loadLab(dir, {});
  const words = 'watch of node matches no file: servr.pl, secret.pl';
  expect((await unmatchedWatch(lab)).map(unmatchedText)).toEqual([words]);
});
