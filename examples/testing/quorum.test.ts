import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startLab, type TestLab } from 'skerry/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import config from './skerry.config.ts';

let lab: TestLab;

beforeAll(async () => {
  lab = await startLab(config);
  await Promise.all(
    lab.machines.map(async (machine) => {
      for (const program of ['replica', 'put']) {
        const input = await readFile(join(import.meta.dirname, `${program}.sh`));
        const path = `/usr/local/bin/${program}`;
        await machine.exec(`cat >${path} && chmod 755 ${path}`, { input, check: true });
      }
      await machine.exec('busybox nc -ll -p 7000 -e replica >/dev/null 2>&1 </dev/null &');
      await machine.waitForPort(7000);
    }),
  );
});

// Also when the run is killed, nothing of the lab is left.
afterAll(() => lab?.[Symbol.asyncDispose]());

test('a write reaches all three', async () => {
  const { exitCode, stdout } = await lab.machine('red').exec(['put', 'first']);
  expect([exitCode, stdout]).toEqual([0, '3 of 3\n']);
  expect(await values()).toEqual({ red: 'first', green: 'first', blue: 'first' });
});

test('of two sides of a partition only the one with a majority can write', async () => {
  const cut = await lab.partition('blue', ['red', 'green']);
  expect((await lab.machine('blue').exec(['put', 'lost'])).exitCode).toBe(1);
  expect((await lab.machine('red').exec(['put', 'second'])).stdout).toBe('2 of 3\n');
  expect(await values()).toMatchObject({ red: 'second', green: 'second' });
  await cut.heal();
  expect((await lab.machine('blue').exec(['put', 'third'])).stdout).toBe('3 of 3\n');
});

test('a write that finds a replica dead succeeds, and again with all when it is back', async () => {
  const green = lab.machine('green');
  const ready = await lab.snapshot();
  await green.kill();
  expect((await lab.machine('red').exec(['put', 'fourth'])).stdout).toBe('2 of 3\n');
  // Back to the moment before, with green running in it.
  await ready.restore();
  expect(await values()).toEqual({ red: 'third', green: 'third', blue: 'third' });
  expect((await lab.machine('red').exec(['put', 'fourth'])).stdout).toBe('3 of 3\n');
});

/** What each machine has. */
async function values(): Promise<Record<string, string>> {
  const each = lab.machines.map(async (machine) => {
    const { stdout } = await machine.exec('cat /srv/value');
    return [machine.name, stdout.trim()] as const;
  });
  return Object.fromEntries(await Promise.all(each));
}
