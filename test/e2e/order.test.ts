// Order, readiness, provisioners, triggers, and the lab that comes back as it was provisioned.
import { open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { config, expectProvisioned, runsIn } from './order/lab.ts';
import { on } from './snapshot/talk.ts';
import { testLab, type TestLab } from './support/lab.ts';

let lab: TestLab;
beforeAll(async () => {
  lab = await testLab(config());
});
afterAll(async () => {
  await lab[Symbol.asyncDispose]();
});

const madeIn = (machine: string): Promise<string> => on(lab, machine, 'cat /var/lib/made');
const log = (): Promise<string> => readFile(join(lab.dir, 'log'), 'utf8').catch(() => '');
const errorsOf = (stdout: string): { code: string; data: Record<string, string> }[] =>
  (JSON.parse(stdout) as { errors: { code: string; data: Record<string, string> }[] }).errors;

describe('the first up', () => {
  test('a dry run says what will run where, why and in which order, and runs nothing', async () => {
    const triggers = [{ before: 'up', run: 'echo dry >> log' }];
    await lab.write(config({ triggers }));
    const plan = await lab.ok(['up', '--dry-run']);
    expect(plan).toMatch(/before it, on this host: echo dry/);
    expect(plan).toMatch(
      /base: made \(not run yet\), serve \(not run yet\), wait until it is ready\n/,
    );
    expect(plan).toMatch(/mid, after base: .*\n {2}top, after mid: .*each \(runs always\)/);
    expect(plan).toMatch(/When all are ready:\n {2}join on top, base/);
    expect(await log()).toBe('');
  });

  test('machines are provisioned after those they wait for are ready; triggers run around it', async () => {
    const triggers = [
      { before: 'up', run: 'echo "before $SKERRY_LAB" >> log' },
      { after: 'up', run: 'echo trigger >> /run/trigger', on: 'base' },
    ];
    await lab.write(config({ triggers }));
    const { plan, provisioned } = JSON.parse(await lab.ok(['up', '--json'])) as {
      plan: { order: { machine: string }[] };
      provisioned: { machine: string; provisioner: string }[];
    };
    expect(plan.order.map(({ machine }) => machine)).toEqual(['base', 'mid', 'top']);
    expect(provisioned.slice(-2).map(({ provisioner }) => provisioner)).toEqual(['join', 'join']);
    await expectProvisioned(lab);
    expect(await log()).toBe('before order\n');
    expect(await on(lab, 'base', 'cat /run/trigger')).toBe('trigger');
    await lab.write(config());
  });
});

describe('later', () => {
  test('the lab comes back as it was provisioned, and what runs always has run again', async () => {
    const made = await madeIn('base');
    await on(lab, 'base', 'echo spoilt > /var/lib/made');
    await lab.ok(['destroy', '--yes']);
    expect(await lab.ok(['up', '--dry-run'])).toMatch(/all machines: as they were provisioned/);
    const { code, stdout, stderr } = await lab.skerry(['up']);
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/coming back as it was provisioned/);
    expect(stdout).toMatch(/3 machines as provisioned before/);
    expect(await madeIn('base')).toBe(made);
    await expectProvisioned(lab, 2);
    // Nothing of the way back is left in the lab's own folder.
    const { stateDir } = await lab.status();
    expect(await readdir(join(stateDir, 'snapshots')).catch(() => [])).toEqual([]);
  });

  test('only what changed runs again, and nothing where nothing did', async () => {
    const provision = { each: { on: 'top', run: 'never', shell: 'true' } };
    await lab.write(config({ provision }));
    expect(await lab.ok(['up'])).toMatch(/nothing to do/);
    await lab.write(config({ provision, mid: 'echo changed' }));
    expect(await lab.ok(['up', '--dry-run'])).toMatch(/callBase \(changed since it ran\)/);
    await lab.ok(['up']);
    expect(await runsIn(lab, 'mid')).toEqual(['made', 'serve', 'callBase', 'callBase']);
    expect(await lab.ok(['up'])).toMatch(/nothing to do/);
    await lab.write(config());
  });

  test('skerry provision runs them again, and those that are named alone', async () => {
    const before = await runsIn(lab, 'base');
    expect(await lab.ok(['provision', 'base'])).toMatch(/base +serve +\S/);
    expect(await runsIn(lab, 'base')).toEqual([...before, 'made', 'serve', 'join']);
    const { steps } = JSON.parse(await lab.ok(['provision', '--only', 'rare', '--json'])) as {
      steps: { machine: string; provisioner: string }[];
    };
    expect(steps).toMatchObject([{ machine: 'top', provisioner: 'rare', why: 'asked' }]);
    expect((await runsIn(lab, 'top')).at(-1)).toBe('rare');
    const typo = await lab.skerry(['provision', '--only', 'rar']);
    expect(typo.code).toBe(3);
    expect(typo.stderr).toMatch(/did you mean 'rare'/);
  });

  test('a trigger that fails before it ends it', async () => {
    await lab.write(config({ triggers: [{ before: 'provision', run: 'echo no; exit 3' }] }));
    const before = await runsIn(lab, 'top');
    const { code, stderr } = await lab.skerry(['provision']);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /before provision 'echo no; exit 3' failed on this host: exit code 3\nno/,
    );
    expect(await runsIn(lab, 'top')).toEqual(before);
    await lab.write(config());
  });
});

describe('faults', () => {
  test('a failed provisioner: those that wait are told whose fault it is, others go on', async () => {
    await lab.ok(['destroy', '--yes']);
    await lab.write(config({ mid: '(echo disk is full; exit 9)' }));
    const { code, stdout } = await lab.skerry(['up', '--json']);
    expect(code).toBe(1);
    expect(errorsOf(stdout)).toMatchObject([
      { code: 'PROVISION_FAILED', data: { machine: 'mid', provisioner: 'callBase' } },
      { code: 'DEPENDENCY_FAILED', data: { machine: 'top', root: 'mid' } },
    ]);
    expect(stdout).toMatch(/disk is full/);
    expect(await runsIn(lab, 'base')).toEqual(['made', 'serve']);
    expect(await lab.ok(['status'])).toMatch(/mid is not provisioned: callBase/);
    await lab.write(config());
    await lab.ok(['up']);
    await expectProvisioned(lab);
    expect(await lab.ok(['status'])).not.toContain('not provisioned');
  });

  test('a machine that does not get ready: its probe is named with what it gave', async () => {
    const [spec, probe] = [config(), { tcp: 7, timeout: 2 }];
    const { machines } = spec as { machines: Record<string, object> };
    await lab.write({ ...spec, machines: { ...machines, base: { ready: probe } } });
    const { code, stderr } = await lab.skerry(['up']);
    expect(code).toBe(5);
    expect(stderr).toMatch(/base is not ready: port 7 is not after 2 s \(Connection refused\)/);
    await lab.write(config());
    await lab.ok(['up']);
  });

  test('kill -9 while it provisions: the next up finishes', async () => {
    await lab.ok(['destroy', '--yes']);
    const slow = {
      on: 'base',
      shell: 'echo begin >> /var/lib/slow; sleep 4; echo end >> /var/lib/slow',
    };
    await lab.write(config({ provision: { slow, join: { shell: 'true' } } }));
    const running = lab.start(['up']);
    await running.heard(/base: slow: begins/);
    running.child.kill('SIGKILL');
    await running.ended;
    await lab.ok(['up']);
    expect((await on(lab, 'base', 'cat /var/lib/slow')).split('\n').slice(-2)).toEqual([
      'begin',
      'end',
    ]);
    expect(await runsIn(lab, 'mid')).toEqual(['made', 'serve', 'callBase']);
    await lab.write(config());
  });

  test('--provision makes it anew and keeps that; one that is damaged is not used', async () => {
    await lab.ok(['destroy', '--yes']);
    await lab.ok(['up']);
    const made = await madeIn('mid');
    await lab.ok(['destroy', '--yes']);
    await lab.ok(['up', '--provision']);
    const again = await madeIn('mid');
    expect(again).not.toBe(made);
    await lab.ok(['destroy', '--yes']);
    await lab.ok(['up']);
    expect(await madeIn('mid')).toBe(again);
    await lab.ok(['destroy', '--yes']);
    // Killed on its way back, it comes back with the next up.
    const running = lab.start(['up']);
    await running.heard(/coming back/);
    await sleep(900);
    running.child.kill('SIGKILL');
    await running.ended;
    await lab.ok(['up']);
    expect(await madeIn('mid')).toBe(again);
    await lab.ok(['destroy', '--yes']);
    for (const id of await readdir(join(lab.stateDir, 'provisioned'))) {
      const dir = join(lab.stateDir, 'provisioned', id, 'snapshots/.kept/mid');
      await using state = await open(join(dir, 'state'), 'r+');
      await state.write('damaged', 1000);
    }
    const { code, stderr } = await lab.skerry(['up']);
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/provisioning anew, for it cannot come back: .*state is damaged/);
    expect(await madeIn('mid')).not.toBe(again);
    await expectProvisioned(lab);
    await lab.destroyWhole();
    expect(await lab.ok(['image', 'gc', '--dry-run', '--all'])).toMatch(
      /provisioned lab order-\w+\.\w+, \d+ MiB: the next up makes it anew/,
    );
  });
});
