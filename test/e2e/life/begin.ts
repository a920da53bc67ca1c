// The first `up`, what it shows before, and a second one.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '@skerry/libvirt';
import { expect, test } from 'vitest';
import type { TestLab } from '../support/lab.ts';

export function begin(lab: () => TestLab, names: readonly string[]): void {
  test('a dry run says what up would do, and does nothing', async () => {
    const said = await lab().ok(['up', '--dry-run']);
    for (const name of names) expect(said).toContain(`+ ${name}: create and start`);
    expect(said).toContain('3 machines to change.');
    const plan = JSON.parse(await lab().ok(['up', '--dry-run', '--json'])) as object;
    expect(plan).toEqual({
      actions: names.map((machine) => ({ kind: 'create', machine })),
      unchanged: [],
      notes: [],
      order: names.map((machine) => ({ machine, after: [], steps: [], waits: false })),
      ...{ afterAllUp: [], missing: [], triggers: [] },
    });
    expect(existsSync(join(lab().stateDir, 'labs'))).toBe(false);
  });

  test('status before the first up says that nothing is there', async () => {
    const { sandbox, machines } = await lab().status();
    expect(sandbox).toBeUndefined();
    expect(machines.map(({ state }) => state)).toEqual(['absent', 'absent', 'absent']);
  });

  test('up brings all machines up and shows where the time went', async () => {
    const said = await lab().ok(['up', '--timings']);
    expect(said).toMatch(/^Lab archipelago is up: 3 machines in [\d.]+ s\./);
    expect(said).toMatch(/agent_1 +thaw +\d+ ms/);
  });

  test('status knows every machine, in the order of the file', async () => {
    const { machines, sandbox } = await lab().status();
    expect(machines.map(({ name, state }) => [name, state])).toEqual(
      names.map((name) => [name, 'running']),
    );
    expect(new Set(machines.map(({ address }) => address)).size).toBe(3);
    expect(sandbox).toMatchObject({ libvirtd: 'running', restarts: 0, uplink: 'none' });
    const text = await lab().ok(['status']);
    for (const { hostname, address } of machines)
      expect(text).toMatch(new RegExp(`running +${address} +${hostname}\\.archipelago\\.test`));
  });

  test('a second up changes nothing: no event, and every definition stays', async () => {
    const { stateDir } = await lab().status();
    const socket = encodeURIComponent(join(stateDir, 'libvirt/run/libvirt-sock'));
    await using connection = await connect(`qemu:///system?socket=${socket}`);
    const definitions = async (): Promise<string[]> => {
      const domains = [...(await connection.domains())].sort((a, b) => (a.name < b.name ? -1 : 1));
      return Promise.all(
        domains.flatMap((domain) => [domain.xml(), domain.xml({ inactive: true })]),
      );
    };
    const before = await definitions();
    const seen: string[] = [];
    await using events = await connection.events({ types: ['lifecycle'] });
    const watch = (async () => {
      for await (const event of events) seen.push(event.type);
    })();
    expect(await lab().ok(['up'])).toContain('Lab archipelago is up; nothing to do.');
    expect(await lab().ok(['up', '--dry-run'])).toContain('Nothing to do.');
    expect(await definitions()).toEqual(before);
    await events[Symbol.asyncDispose]();
    await watch;
    expect(seen).toEqual([]);
  });

  test('the lab is in global-status', async () => {
    const labs = JSON.parse(await lab().ok(['global-status', '--json'])) as object[];
    expect(labs).toMatchObject([{ name: 'archipelago', state: 'running', machines: 3 }]);
  });
}
