// Halting, starting again, reloading, destroying.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { TestLab } from '../support/lab.ts';
import { processesOf } from '../support/leaks.ts';

export function end(lab: () => TestLab): void {
  let hostKey = '';
  const keyFile = async (): Promise<string> =>
    join((await lab().status()).stateDir, 'ssh/hosts/agent_1.pub');

  test('halt of one machine leaves the others running', async () => {
    expect(await lab().ok(['halt', 'agent_2'])).toContain('Halted agent_2.');
    const { machines } = await lab().status();
    expect(machines.map(({ state }) => state)).toEqual(['running', 'running', 'shutoff']);
    const { code, stderr } = await lab().skerry(['exec', '--on', 'agent_2', '--', 'true']);
    expect(code).toBe(4);
    expect(stderr).toContain('start it with: skerry up agent_2');
  });

  test('halt of all leaves no process', async () => {
    hostKey = await readFile(await keyFile(), 'utf8');
    await lab().ok(['halt']);
    expect(await processesOf(join(lab().dir, '..'))).toEqual([]);
    const { sandbox, machines } = await lab().status();
    expect(sandbox).toBeUndefined();
    expect(machines.map(({ state }) => state)).toEqual(['shutoff', 'shutoff', 'shutoff']);
    expect(await lab().ok(['halt'])).toContain('Nothing was running.');
    expect((await lab().skerry(['exec', '--', 'true'])).code).toBe(4);
  });

  test('up of one machine brings it back, with its disk and its keys', async () => {
    expect(await lab().ok(['up', 'agent_1'])).toContain('1 machine in');
    expect(await lab().ok(['ssh', 'agent_1', '--', 'cat /root/kept'])).toBe('kept\n');
    expect(await readFile(await keyFile(), 'utf8')).toBe(hostKey);
    const { machines } = await lab().status();
    expect(machines.map(({ state }) => state)).toEqual(['shutoff', 'running', 'shutoff']);
  });

  test('reload starts a machine anew', async () => {
    const boot = (): Promise<string> =>
      lab().ok(['exec', '--on', 'agent_1', '--', 'cat /proc/sys/kernel/random/boot_id']);
    const before = await boot();
    await lab().ok(['reload', 'agent_1']);
    expect(await boot()).not.toBe(before);
  });

  test('destroy asks, and does nothing without an answer', async () => {
    const { code, stderr } = await lab().skerry(['destroy']);
    expect(code).toBe(2);
    expect(stderr).toContain('--yes');
    expect((await lab().status()).machines[1]?.state).toBe('running');
  });

  test('destroy leaves no process, mount, network link or file', async () => {
    await lab().destroyWhole();
    expect((await lab().status()).machines.map(({ state }) => state)).toEqual([
      'absent',
      'absent',
      'absent',
    ]);
    expect(await lab().ok(['destroy', '--yes'])).toContain('Nothing to destroy');
    expect(JSON.parse(await lab().ok(['global-status', '--json']))).toEqual([]);
  });
}
