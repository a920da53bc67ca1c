// up killed while it makes the first template.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '@skerry/libvirt';
import { expect, test } from 'vitest';
import { testLab, type TestLab } from '../support/lab.ts';
import { moments } from '../support/moments.ts';
import { SMALL } from '../support/small.ts';
import { ownStore } from '../support/store.ts';

export function kill(): void {
  let wholeMs = 0;

  test('two labs at once, and no template: one makes it, and both come up', async () => {
    await using store = await ownStore();
    await using first = await testLab(SMALL, store);
    await using second = await testLab(SMALL, store);
    const began = performance.now();
    const one = first.skerry(['up']).finally(() => (wholeMs = performance.now() - began));
    const both = await Promise.all([one, second.skerry(['up'])]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    const said = both.map(({ stderr }) => stderr);
    const others = said.filter((text) => text.includes('another command is making its template'));
    expect(others, said.join('\n')).toHaveLength(1);
    expect(await store.templates()).toHaveLength(1);
    for (const lab of [first, second]) {
      expect(await lab.ok(['exec', '--', 'hostname'])).toBe('one\n');
      await lab.destroyWhole();
    }
  });

  test.each(moments().map((moment) => ({ moment })))(
    'up killed with -9 at $moment of making the first template: the next up works, nothing is left',
    async ({ moment }) => {
      await using store = await ownStore();
      await using lab = await testLab(SMALL, store);
      const running = lab.start(['up']);
      await sleep(moment * wholeMs);
      running.child.kill('SIGKILL');
      await running.ended;
      await lab.ok(['up']);
      expect(await lab.ok(['exec', '--', 'hostname'])).toBe('one\n');
      expect(await domainsOf(lab)).toEqual(['one']);
      await lab.ok(['image', 'gc']);
      expect(await store.leftovers()).toEqual([]);
      await lab.destroyWhole();
      await lab.ok(['image', 'gc', '--all']);
      expect(await readdir(store.templatesDir)).toEqual([]);
    },
  );

  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s while the first template is made ends up with 130, and leaves nothing of it',
    async (signal) => {
      await using store = await ownStore();
      await using lab = await testLab(SMALL, store);
      const running = lab.start(['up']);
      await running.heard(/making a template/);
      await sleep(500);
      running.child.kill(signal);
      const { code, stderr } = await running.ended;
      expect(stderr).toContain(
        'interrupted: what was begun is kept; skerry up goes on from there\n',
      );
      expect(stderr).not.toMatch(/DOMException|^ +at /m);
      expect(code).toBe(130);
      expect(await store.leftovers()).toEqual([]);
      await lab.destroyWhole();
    },
  );
}

async function domainsOf(lab: TestLab): Promise<string[]> {
  const { stateDir } = await lab.status();
  const socket = encodeURIComponent(join(stateDir, 'libvirt/run/libvirt-sock'));
  await using connection = await connect(`qemu:///system?socket=${socket}`);
  return (await connection.domains()).map(({ name }) => name);
}
