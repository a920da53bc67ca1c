import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { TestLab } from '../support/lab.ts';
import { processesOf } from '../support/leaks.ts';
import { clockError, expectTalk } from './talk.ts';

export function suspend(lab: () => TestLab): void {
  test.each([['resume'], ['up']])(
    'a suspended lab has no process; %s lets it go on where it was',
    async (command) => {
      const then = await expectTalk(lab());
      expect(await lab().ok(['suspend'])).toContain('skerry resume');
      expect(await processesOf(join(lab().stateDir, '..'))).toEqual([]);
      const { machines, sandbox } = await lab().status();
      expect(sandbox).toBeUndefined();
      expect(machines.map(({ state }) => state)).toEqual(['suspended', 'suspended']);
      for (const words of [
        ['snapshot', 'save', 'half'],
        ['destroy', '--yes', 'two'],
      ])
        expect((await lab().skerry(words)).stderr).toMatch(/is suspended\nhint: .*skerry resume/);
      await lab().ok([command]);
      expect(await expectTalk(lab())).toBeGreaterThan(then);
      expect(await clockError(lab())).toBeLessThan(2);
    },
  );

  test('what is not suspended cannot be resumed, and what is off cannot be suspended', async () => {
    const { code, stderr } = await lab().skerry(['resume']);
    expect(stderr).toContain('is not suspended');
    expect(code).toBe(4);
  });
}
