// A machine that was thawed a moment ago is still busy with its start, and is to shut down as any other.
import { expect, test } from 'vitest';
import { testLab } from '../support/lab.ts';
import { SMALL } from '../support/small.ts';
import type { OwnStore } from '../support/store.ts';

export function stop(store: () => OwnStore): void {
  test('a machine shuts down though it was thawed a moment ago', async () => {
    await using lab = await testLab(SMALL, store());
    // The first makes the template.
    await lab.ok(['up']);
    for (const command of ['reload', 'halt']) {
      await lab.ok(['destroy', '--yes']);
      await lab.ok(['up']);
      const { code, stderr } = await lab.skerry([command]);
      expect(code, stderr).toBe(0);
      expect(stderr).not.toContain('switched off');
    }
    await lab.destroyWhole();
  });
}
