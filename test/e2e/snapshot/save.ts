import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { TestLab } from '../support/lab.ts';
import { expectTalk, on, qemusOf } from './talk.ts';

interface Listed {
  readonly name: string;
  readonly description?: string;
  readonly pauseMs: number;
  readonly bytes: number;
  readonly machines: readonly { readonly name: string; readonly state: string }[];
}

export function save(lab: () => TestLab): void {
  test('machines go on as before, with what ran in them and what they said to each other', async () => {
    await on(lab(), 'one', 'echo before >/root/disk; echo before >/run/memory; sync');
    await on(
      lab(),
      'one',
      'mke2fs -q -F /dev/vdb && mount /dev/vdb /mnt && echo before >/mnt/data',
    );
    const bootId = 'cat /proc/sys/kernel/random/boot_id';
    const boots = [await on(lab(), 'one', bootId), await on(lab(), 'two', bootId)];
    const running = lab().start(['exec', '--on', 'one', '--', 'read line; echo heard $line'], {
      input: 'open',
    });
    const said = await lab().ok(['snapshot', 'save', 'ready', '-m', 'both talk']);
    expect(said).toMatch(/^Saved ready: 2 machines, which stood still for [\d.]+ s\./m);
    // A command that ran meanwhile has not noticed either.
    running.child.stdin?.end('it\n');
    expect((await running.ended).stdout).toBe('heard it\n');
    expect([await on(lab(), 'one', bootId), await on(lab(), 'two', bootId)]).toEqual(boots);
    await expectTalk(lab());
    expect(await lab().ok(['up'])).toContain('nothing to do');
  });

  test('list and show say what there is', async () => {
    const listed = JSON.parse(await lab().ok(['snapshot', 'list', '--json'])) as Listed[];
    expect(listed).toMatchObject([{ name: 'ready', description: 'both talk' }]);
    const [{ pauseMs, bytes, machines } = { pauseMs: 0, bytes: 0, machines: [] }] = listed;
    expect(pauseMs).toBeGreaterThan(0);
    expect(bytes).toBeGreaterThan(20 * 2 ** 20);
    expect(machines.map(({ name, state }) => [name, state])).toEqual([
      ['one', 'running'],
      ['two', 'running'],
    ]);
    expect(await lab().ok(['snapshot', 'list'])).toMatch(/ready +\d{4}-\d\d-\d\d .* both talk/);
    expect(await lab().ok(['snapshot', 'show', 'ready'])).toMatch(/one +running +256 MiB/);
  });

  test.each([
    ['a name that is taken', ['save', 'ready'], 4, 'skerry snapshot delete ready'],
    ['a name that is none', ['save', '../x'], 2, 'letters'],
    ['a name of the stack', ['save', 'push-1'], 2, 'snapshot push'],
    ['a name nobody knows', ['restore', 'redy'], 3, 'ready'],
    ['to show one nobody knows', ['show', 'redy'], 3, 'ready'],
    ['to delete one nobody knows', ['delete', 'ready', 'redy'], 3, 'ready'],
    ['to pop without a push', ['pop'], 3, 'skerry snapshot push'],
  ])('%s: exit code and hint, and nothing changes', async (_, words, exit, hint) => {
    const { code, stderr } = await lab().skerry(['snapshot', ...words]);
    expect(stderr).toContain(hint);
    expect(code).toBe(exit);
    const { stateDir } = await lab().status();
    expect(await readdir(join(stateDir, 'snapshots'))).toEqual(['ready']);
  });

  test('a machine that does not stop in time: the others go on, and it says which', async () => {
    const { stateDir } = await lab().status();
    const qemu = (await qemusOf(lab())).find(({ words }) => words.includes('guest=two'));
    process.kill(qemu?.pid ?? 0, 'SIGSTOP');
    try {
      const { code, stderr } = await lab().skerry(['snapshot', 'save', 'late']);
      expect(stderr).toContain('two could not be paused: not within');
      expect(code).toBe(1);
      expect(await on(lab(), 'one', 'echo alive')).toBe('alive');
    } finally {
      process.kill(qemu?.pid ?? 0, 'SIGCONT');
    }
    expect(await readdir(join(stateDir, 'snapshots'))).toEqual(['ready']);
    await lab().ok(['up']);
    await expectTalk(lab());
  });
}
