// Every machine finds every other by each of its names.
import { expect, test } from 'vitest';
import type { TestLab } from '../support/lab.ts';

export function names(lab: () => TestLab): void {
  test('every machine resolves and reaches every other by host name, alias, full name and address', async () => {
    const { machines } = await lab().status();
    const lines = machines.flatMap(({ name, hostname, address }) => {
      const full = `${hostname}.archipelago.test`;
      return [
        ...[name, hostname, full].map(
          (each) =>
            `[ "$(getent ahostsv4 ${each} | awk '{print $1; exit}')" = ${address} ] || echo ${each}`,
        ),
        `getent hosts ${address} | grep -qw ${full} || echo PTR of ${address}`,
        ...[name, full].map(
          (each) => `ping -q -c 1 -W 5 ${each} >/dev/null || echo no answer from ${each}`,
        ),
      ];
    });
    expect(await lab().ok(['exec', '--', `${lines.join('\n')}\ntrue`])).toBe('');
  });

  test('each machine bears its name, and knows itself by it', async () => {
    const said = await lab().ok(['exec', '--', 'hostname; hostname -f; cat /etc/machine-id']);
    const { machines } = await lab().status();
    const ids = new Set(said.match(/\b[0-9a-f]{32}$/gm));
    expect(ids.size).toBe(3);
    for (const { name, hostname } of machines) {
      expect(said).toMatch(new RegExp(`^${name} +\\| ${hostname}$`, 'm'));
      expect(said).toMatch(new RegExp(`^${name} +\\| ${hostname}\\.archipelago\\.test$`, 'm'));
    }
  });
}
