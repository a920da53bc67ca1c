// A machine that is halted while systemd-networkd still starts, as it does for a while after a thaw.
import { expect, test } from 'vitest';
import { testLab } from './support/lab.ts';
import { SMALL } from './support/small.ts';

test('machines that are halted right after they were thawed shut down by themselves', async () => {
  await using lab = await testLab({ ...SMALL, name: 'halt', machines: { one: {}, two: {} } });
  for (let round = 0; round < 4; round++) {
    await lab.ok(['up']);
    const { code, stderr } = await lab.skerry(['halt']);
    expect(code).toBe(0);
    expect(stderr).not.toContain('switched off');
    await lab.ok(['destroy', '--yes']);
  }
});
