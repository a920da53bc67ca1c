import { expect, test } from 'vitest';
import type { TestLab } from '../support/lab.ts';

export function nested(lab: () => TestLab): void {
  test('nested machines can run machines, and the others cannot', async () => {
    const words = [
      'exec',
      '--json',
      '--',
      "ls /dev/kvm 2>/dev/null; grep -Eom1 'svm|vmx' /proc/cpuinfo; true",
    ];
    const all = JSON.parse(await lab().ok(words)) as { machine: string; stdout: string }[];
    const of = (name: string): string => all.find(({ machine }) => machine === name)?.stdout ?? '';
    expect(of('central_server')).toBe('');
    for (const name of ['agent_1', 'agent_2'])
      expect(of(name)).toMatch(/^\/dev\/kvm\n(svm|vmx)\n$/);
  });

  test('an extra disk is there, by its name', async () => {
    const words = [
      'exec',
      '--on',
      'agent_1',
      '--',
      'blockdev --getsize64 /dev/disk/by-id/virtio-data',
    ];
    expect(await lab().ok(words)).toBe(`${64 * 2 ** 20}\n`);
  });
}
