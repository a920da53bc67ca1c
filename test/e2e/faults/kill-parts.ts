// Parts of a running lab die; `status` says the truth and `up` mends it.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testLab, type TestLab } from '../support/lab.ts';
import { type LabProcess, processesOf } from '../support/leaks.ts';
import { SMALL } from '../support/small.ts';

const SUPERVISOR = /^\S*node .*supervisor\.cjs/;
const IS_ROOT = process.getuid?.() === 0;

export function killParts(): void {
  let lab: TestLab;
  beforeAll(async () => {
    lab = await testLab(SMALL);
    await lab.ok(['up']);
    await lab.ok(['exec', '--', 'echo kept >/root/kept; sync']);
  });
  afterAll(() => lab[Symbol.asyncDispose]());

  const processes = (): Promise<LabProcess[]> => processesOf(join(lab.dir, '..'));
  const kill = async (pattern: RegExp, signal: NodeJS.Signals = 'SIGKILL'): Promise<number> => {
    const found = (await processes()).find(({ words }) => pattern.test(words));
    if (!found)
      throw new Error(`no process ${String(pattern)} in ${JSON.stringify(await processes())}`);
    process.kill(found.pid, signal);
    return found.pid;
  };
  const mended = async (): Promise<void> => {
    await lab.ok(['up']);
    expect((await lab.status()).machines[0]?.state).toBe('running');
    expect(await lab.ok(['exec', '--', 'cat', '/root/kept'])).toBe('kept\n');
    expect(await lab.ok(['up'])).toContain('nothing to do');
  };

  test('libvirtd killed: it is started again, and the machine has not noticed', async () => {
    const boot = ['exec', '--', 'cat', '/proc/sys/kernel/random/boot_id'];
    const before = await lab.ok(boot);
    await kill(/^libvirtd/);
    const { sandbox, machines } = await lab.status();
    expect(machines[0]?.state).toBe('running');
    expect(sandbox?.restarts).toBe(1);
    expect(await lab.ok(boot)).toBe(before);
    await mended();
    expect(await lab.ok(boot)).toBe(before);
  });

  test('dnsmasq killed: it is started again, and names are found', async () => {
    const dnsmasq = /^\S*dnsmasq /;
    const pids = async (): Promise<number[]> =>
      (await processes()).filter(({ words }) => dnsmasq.test(words)).map(({ pid }) => pid);
    const before = await pids();
    for (const pid of before) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch (error) {
        // The first may have taken its helper with it.
        expect(error).toMatchObject({ code: 'ESRCH' });
      }
    }
    await expect
      .poll(async () => (await pids()).filter((pid) => !before.includes(pid)).length, {
        timeout: 10_000,
      })
      .toBeGreaterThan(0);
    await expect
      .poll(
        async () => (await lab.skerry(['exec', '--', 'getent -s dns hosts one.small.test'])).code,
        {
          timeout: 10_000,
        },
      )
      .toBe(0);
  });

  test('QEMU killed: status says shutoff, up starts the machine again on its disk', async () => {
    await kill(/^\S*qemu-system/);
    const state = async (): Promise<string | undefined> => (await lab.status()).machines[0]?.state;
    await expect.poll(state, { timeout: 20_000 }).toBe('shutoff');
    await mended();
  });

  test.each([
    ['the supervisor', SUPERVISOR],
    ['the first process of the sandbox', IS_ROOT ? /^unshare --mount/ : /^unshare --user/],
    ['the shell that reaps', /^sh \S*sandbox-init\.sh/],
    ['the process that holds the lock', /^flock -n -F/],
  ])(
    '%s killed: nothing goes on running, status says off, up starts the lab again',
    async (name, pattern) => {
      const killed = await kill(pattern).catch((error: unknown) => {
        // flock -F becomes the program it runs.
        if (name.startsWith('the process that holds')) return 0;
        throw error;
      });
      if (killed > 0) {
        await expect.poll(processes, { timeout: 10_000 }).toEqual([]);
        const { sandbox, machines } = await lab.status();
        expect(sandbox).toBeUndefined();
        expect(machines[0]?.state).toBe('shutoff');
      }
      await mended();
    },
  );

  test('the supervisor stopped: commands say so in time, and halt --force ends it', async () => {
    await kill(SUPERVISOR, 'SIGSTOP');
    const { code, stderr } = await lab.skerry(['status']);
    expect(code).toBe(5);
    expect(stderr).toContain('skerry halt --force');
    await lab.ok(['halt', '--force']);
    expect(await processes()).toEqual([]);
  });

  test('after all that, destroy leaves nothing', () => lab.destroyWhole());
}
