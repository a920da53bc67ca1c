// The lab file changes while the lab runs.
import { expect, test } from 'vitest';
import type { TestLab } from '../support/lab.ts';

export interface LabFile {
  readonly name: string;
  readonly machines: Readonly<Record<string, object>>;
}

export function change(lab: () => TestLab, file: LabFile): void {
  const uptimes = async (): Promise<Record<string, string>> => {
    const said = await lab().ok(['exec', '--json', '--', 'cat', '/proc/sys/kernel/random/boot_id']);
    const all = JSON.parse(said) as { machine: string; stdout: string }[];
    return Object.fromEntries(all.map(({ machine, stdout }) => [machine, stdout]));
  };
  const withMachines = (machines: Readonly<Record<string, object>>): Promise<void> =>
    lab().write({ ...file, machines });
  const larger = { ...file.machines, agent_2: { ...file.machines.agent_2, memory: 384 } };

  test('other memory in the file is shown by a dry run; up restarts that machine alone and keeps its disk', async () => {
    await lab().ok(['exec', '--', 'echo kept >/root/kept']);
    const before = await uptimes();
    await withMachines(larger);
    expect(await lab().ok(['up', '--dry-run'])).toMatch(
      /~ agent_2: restart with memory.* 512 -> 384/,
    );
    expect(await uptimes()).toEqual(before);
    await lab().ok(['up']);
    const after = await uptimes();
    expect({ ...after, agent_2: '' }).toEqual({ ...before, agent_2: '' });
    expect(after.agent_2).not.toBe(before.agent_2);
    const seen = await lab().ok([
      'exec',
      '--on',
      'agent_2',
      '--',
      "cat /root/kept; awk '/MemTotal/{print $2}' /proc/meminfo",
    ]);
    expect(seen).toMatch(/^kept\n3\d{5}\n$/);
  });

  test('a machine that is new in the file comes up beside the others, which know its name at once', async () => {
    const before = await uptimes();
    await withMachines({ ...larger, agent_3: { memory: 256 } });
    expect(await lab().ok(['up'])).toContain('1 machine in');
    expect(await uptimes()).toMatchObject(before);
    const all = [
      'exec',
      '--',
      'ping -q -c 1 -W 5 agent_3 >/dev/null && ping -q -c 1 -W 5 agent-3.archipelago.test >/dev/null',
    ];
    await lab().ok(all);
    expect(await lab().ok(['ssh', 'agent_3', '--', 'hostname'])).toBe('agent-3\n');
  });

  test('a machine that left the file is left alone until it is destroyed by name', async () => {
    await withMachines(larger);
    expect(await lab().ok(['up'])).toContain(
      'agent_3: no longer in the lab file; remove it with: skerry destroy agent_3',
    );
    const { machines } = await lab().status();
    expect(machines.at(-1)).toMatchObject({ name: 'agent_3', state: 'running', orphan: true });
    await lab().ok(['destroy', '--yes', 'agent_3']);
    expect((await lab().status()).machines.map(({ name }) => name)).toEqual(Object.keys(larger));
  });
}
