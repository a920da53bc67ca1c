// kill -9 at moments spread over each operation: the old snapshot is whole, nothing is left over, and the lab can be
// used again with the next command.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { TestLab } from '../support/lab.ts';
import { moments } from '../support/moments.ts';
import { expectTalk, on, qemusOf } from './talk.ts';

const OPERATIONS: Readonly<Record<string, readonly string[]>> = {
  save: ['snapshot', 'save', 'doomed'],
  restore: ['snapshot', 'restore', 'ready'],
  fork: ['fork', 'doomed'],
  suspend: ['suspend'],
};
/** What takes the result of one that got through away again. */
const UNDO: Readonly<Record<string, readonly string[]>> = {
  save: ['snapshot', 'delete', 'doomed'],
  fork: ['destroy', '--yes', '--lab', 'doomed'],
  suspend: ['up'],
};

export function killed(lab: () => TestLab): void {
  const wholeMs = new Map<string, number>();

  test.each(Object.keys(OPERATIONS))('%s, undisturbed, for its length', async (name) => {
    const began = performance.now();
    await lab().ok(OPERATIONS[name] ?? []);
    wholeMs.set(name, performance.now() - began);
    const undo = UNDO[name];
    if (undo) await lab().ok(undo);
    await expectTalk(lab());
  });

  const all = Object.keys(OPERATIONS).flatMap((name) =>
    moments().map((moment) => ({ name, moment })),
  );
  test.each(all)('$name killed with -9 at $moment of its run', async ({ name, moment }) => {
    const running = lab().start(OPERATIONS[name] ?? []);
    await sleep(moment * (wholeMs.get(name) ?? 0));
    running.child.kill('SIGKILL');
    await running.ended;
    // It may just have got through.
    const undo = UNDO[name];
    if (undo) await lab().skerry(undo);
    await lab().ok(['up']);
    expect(await on(lab(), 'one', 'echo alive')).toBe('alive');
    await lab().ok(['snapshot', 'restore', 'ready']);
    await expectTalk(lab());
    // The next operation of the kind sweeps up.
    await lab().ok(['snapshot', 'save', 'next']);
    await lab().ok(['snapshot', 'delete', 'next']);
    if (name === 'fork') await lab().ok(['fork', '--try', 'true', '--from', 'ready']);
    const { stateDir } = await lab().status();
    expect(await readdir(join(stateDir, 'snapshots'))).toEqual(['ready']);
    expect(await readdir(join(stateDir, '..'))).toHaveLength(1);
    const disks = await readdir(join(stateDir, 'machines/two'));
    expect(disks.filter((file) => file.endsWith('.qcow2')).length).toBeLessThan(6);
    expect((await qemusOf(lab())).length).toBe(2);
  });
}
