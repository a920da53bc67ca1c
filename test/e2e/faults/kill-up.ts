import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { testLab } from '../support/lab.ts';
import { processesOf } from '../support/leaks.ts';
import { moments } from '../support/moments.ts';
import { SMALL } from '../support/small.ts';

/** So that a halt can be caught at it: on a quick machine one is off within a second. */
const SLOW_TO_STOP = 'systemd-run -q --remain-after-exit -p ExecStop=/usr/bin/sleep\\ 12 true';

export function killUp(): void {
  let wholeMs = 0;

  test('an undisturbed up of one machine, for its length', async () => {
    await using lab = await testLab(SMALL);
    // The first one may have to make a template (test/e2e/thaw has that).
    await lab.ok(['up']);
    await lab.ok(['destroy', '--yes']);
    const began = performance.now();
    await lab.ok(['up']);
    wholeMs = performance.now() - began;
    await lab.destroyWhole();
  });

  test.each(moments().map((moment) => ({ moment })))(
    'up killed with -9 at $moment of its run: the next up succeeds and destroy leaves nothing',
    async ({ moment }) => {
      await using lab = await testLab(SMALL);
      const running = lab.start(['up']);
      await sleep(moment * wholeMs);
      running.child.kill('SIGKILL');
      await running.ended;
      await lab.skerry(['status']);
      await lab.ok(['up']);
      expect(await lab.ok(['exec', '--', 'hostname'])).toBe('one\n');
      await lab.destroyWhole();
    },
  );

  test.each(moments(2).map((moment) => ({ moment })))(
    'up killed with -9 at $moment of its run: destroy alone leaves nothing',
    async ({ moment }) => {
      await using lab = await testLab(SMALL);
      const running = lab.start(['up']);
      await sleep(moment * wholeMs);
      running.child.kill('SIGKILL');
      await running.ended;
      await lab.destroyWhole();
    },
  );

  test('Ctrl-C while a machine boots ends up with 130, and the next up goes on from there', async () => {
    await using lab = await testLab(SMALL);
    const running = lab.start(['up', '--cold']);
    await running.heard(/one: booting/);
    await sleep(500);
    running.child.kill('SIGINT');
    const { code, stderr } = await running.ended;
    expect(code).toBe(130);
    expect(stderr).toContain('interrupted');
    expect((await lab.status()).machines[0]?.state).toBe('starting');
    expect(await lab.ok(['up', '--dry-run'])).toContain('one: finish its set-up');
    const before = await qemuOf(lab.stateDir);
    await lab.ok(['up']);
    expect(await qemuOf(lab.stateDir)).toEqual(before);
    await lab.destroyWhole();
    expect(await readdir(join(lab.stateDir, 'labs'))).toEqual([]);
  });

  test('while up works status says so; a halt that is interrupted says that halt goes on', async () => {
    await using lab = await testLab({ ...SMALL, provision: { slow: { shell: 'sleep 8' } } });
    const running = lab.start(['up']);
    await running.heard(/slow: begins/);
    const said = await lab.ok(['status']);
    expect(said).toMatch(/skerry up is at work, for \d+ s so far \(process \d+\)/);
    expect(said).toContain('one is not provisioned yet: slow');
    expect((await running.ended).code).toBe(0);
    expect(await lab.ok(['status'])).not.toContain('at work');
    const halting = lab.start(['halt']);
    await halting.heard(/shutting down/);
    halting.child.kill('SIGINT');
    const { code, stderr } = await halting.ended;
    expect(code).toBe(130);
    expect(stderr).toContain('skerry halt goes on from there');
    await lab.ok(['halt']);
    await lab.destroyWhole();
  });

  test.each(['SIGINT', 'SIGKILL'] as const)(
    'a halt that gets %s while the machine shuts down: the next up waits for that and starts it',
    async (signal) => {
      await using lab = await testLab(SMALL);
      await lab.ok(['up']);
      await lab.ok(['exec', '--', 'sh', '-c', SLOW_TO_STOP]);
      const before = await qemuOf(lab.stateDir);
      const halting = lab.start(['halt']);
      await halting.heard(/shutting down/);
      await sleep(1500);
      halting.child.kill(signal);
      await halting.ended;
      expect(await qemuOf(lab.stateDir)).toEqual(before);
      expect((await lab.status()).machines[0]?.state).toBe('stopping');
      expect(await lab.ok(['up', '--dry-run'])).toContain('one: start, once it is off');
      const { code, stdout, stderr } = await lab.skerry(['up']);
      expect([code, stdout], stderr).toEqual([0, expect.stringContaining('is up: 1 machine')]);
      expect(stderr).not.toContain('switched off');
      expect(await qemuOf(lab.stateDir)).not.toEqual(before);
      expect(await lab.ok(['exec', '--', 'hostname'])).toBe('one\n');
      expect(await lab.ok(['up'])).toContain('nothing to do');
      await lab.destroyWhole();
    },
  );

  test('up killed with -9 while a machine boots again: the next up waits until it is ready', async () => {
    await using lab = await testLab(SMALL);
    await lab.ok(['up']);
    await lab.ok(['halt']);
    const running = lab.start(['up']);
    await running.heard(/one: booting/);
    await sleep(500);
    running.child.kill('SIGKILL');
    await running.ended;
    const before = await qemuOf(lab.stateDir);
    expect(before).toHaveLength(1);
    expect(await lab.ok(['up', '--dry-run'])).toContain('one: finish its set-up');
    expect(await lab.ok(['up'])).toContain('is up: 1 machine');
    expect(await qemuOf(lab.stateDir)).toEqual(before);
    expect(await lab.ok(['up'])).toContain('nothing to do');
    await lab.destroyWhole();
  });
}

async function qemuOf(folder: string): Promise<number[]> {
  const all = await processesOf(join(folder, '..'));
  return all.filter(({ words }) => words.startsWith('/usr/bin/qemu')).map(({ pid }) => pid);
}
