import { expect, test } from 'vitest';
import type { TestLab } from '../support/lab.ts';
import { clockError, expectTalk, on } from './talk.ts';

export function restore(lab: () => TestLab): void {
  test('disks, memory and the conversation are back where they were, with the right time', async () => {
    const then = await expectTalk(lab());
    await on(
      lab(),
      'one',
      'echo after >/root/disk; echo after >/run/memory; echo after >/mnt/data; sync',
    );
    const random = await on(lab(), 'one', 'head -c 16 /dev/urandom | od -An -tx1');
    for (const time of ['first', 'second']) {
      expect(await lab().ok(['snapshot', 'restore', 'ready']), time).toMatch(
        /^Restored ready .*2 machines in/m,
      );
      expect(await on(lab(), 'one', 'cat /root/disk /run/memory /mnt/data')).toBe(
        'before\nbefore\nbefore',
      );
      expect(await clockError(lab())).toBeLessThan(3);
      expect(await expectTalk(lab())).toBeLessThan(then + 200);
      expect(await on(lab(), 'one', 'head -c 16 /dev/urandom | od -An -tx1')).not.toBe(random);
    }
    expect(await lab().ok(['up'])).toContain('nothing to do');
  });

  test('a machine that was destroyed since is back', async () => {
    await lab().ok(['destroy', '--yes', 'two']);
    expect((await lab().status()).machines[1]?.state).toBe('absent');
    await lab().ok(['snapshot', 'restore', 'ready']);
    await expectTalk(lab());
  });

  test('push and pop: the top of the stack, and then it is gone', async () => {
    await on(lab(), 'one', 'echo pushed >/run/memory');
    await lab().ok(['snapshot', 'push']);
    await on(lab(), 'one', 'echo broken >/run/memory');
    await lab().ok(['snapshot', 'pop']);
    expect(await on(lab(), 'one', 'cat /run/memory')).toBe('pushed');
    expect(await lab().ok(['snapshot', 'list'])).not.toContain('push');
  });

  test('what was written between two snapshots is on the disk, not only in memory', async () => {
    await lab().ok(['snapshot', 'save', 'lower']);
    const sum = 'sha256sum </root/middle';
    const written = await on(lab(), 'one', `head -c 4M /dev/urandom >/root/middle; sync; ${sum}`);
    await lab().ok(['snapshot', 'save', 'upper']);
    const onDisk = (): Promise<string> =>
      on(lab(), 'one', `sync; echo 3 >/proc/sys/vm/drop_caches; ${sum}`);
    await lab().ok(['snapshot', 'restore', 'upper']);
    expect(await onDisk()).toBe(written);
    await lab().ok(['suspend']);
    await lab().ok(['resume']);
    expect(await onDisk()).toBe(written);
    await lab().ok(['reload', 'one']);
    expect(await onDisk()).toBe(written);
    expect(await on(lab(), 'one', 'dmesg | grep -c "EXT4-fs error" || true')).toBe('0');
    for (const name of ['upper', 'lower']) await lab().ok(['snapshot', 'delete', name]);
    await lab().ok(['snapshot', 'restore', 'ready']);
    await expectTalk(lab());
  });

  test('--cold restores the disks; up then boots from them', async () => {
    const before = await on(lab(), 'one', 'cat /proc/sys/kernel/random/boot_id');
    await lab().ok(['snapshot', 'save', 'cold']);
    await on(lab(), 'one', 'echo later >/root/disk; sync');
    expect(await lab().ok(['snapshot', 'restore', 'cold', '--cold'])).toContain('skerry up');
    expect((await lab().status()).machines.map(({ state }) => state)).toEqual([
      'shutoff',
      'shutoff',
    ]);
    await lab().ok(['up']);
    expect(await on(lab(), 'one', 'cat /root/disk')).toBe('before');
    expect(await on(lab(), 'one', 'cat /proc/sys/kernel/random/boot_id')).not.toBe(before);
    await lab().ok(['snapshot', 'delete', 'cold']);
    await lab().ok(['snapshot', 'restore', 'ready']);
    await expectTalk(lab());
  });
}
