// Faults of the network, as the machines see them.
import { basename, dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestLab, TestMachine } from 'skerry/testing';
import { afterEach, expect, test } from 'vitest';
import { processesOf } from '../support/leaks.ts';

/** A kernel that got no answer to who has an address gives the first packets up even when it gets one again. */
const SOON = { timeout: 20_000 };

export function faultsOfTheNetwork(lab: () => TestLab): void {
  // One that fails shall not fail the others.
  afterEach(() => lab().heal());

  const both = (): [TestMachine, TestMachine] => [lab().machine('one'), lab().machine('two_b')];

  test('a partition cuts two machines both ways, for ping and TCP, until it is healed', async () => {
    const [one, two] = both();
    await two.exec('busybox nc -ll -p 4001 -e cat >/dev/null 2>&1 </dev/null &');
    const tcp = (): Promise<boolean> =>
      succeeds(one, 'echo x | busybox nc -w 3 two-b 4001 | grep x');
    await expect.poll(tcp, SOON).toBe(true);
    {
      await using _cut = await lab().partition(one, two);
      expect(await lostBothWays(one, two)).toEqual([100, 100]);
      expect(await tcp()).toBe(false);
      // Not from the gateway.
      await two.waitForPort(4001);
    }
    await expect.poll(() => lostBothWays(one, two), SOON).toEqual([0, 0]);
    await expect.poll(tcp, SOON).toBe(true);
  });

  test('a partition holds for a machine that starts in it, and heal ends it', async () => {
    const [one, two] = both();
    await lab().partition('two_b');
    await two.kill();
    await two.start();
    expect(await lostBothWays(one, two)).toEqual([100, 100]);
    await lab().heal();
    await expect.poll(() => lostBothWays(one, two), SOON).toEqual([0, 0]);
  });

  test('a link that is slow delays both ways', async () => {
    const [one, two] = both();
    const before = await roundTripMs(one, two);
    await using slow = await lab().link(two, { delayMs: 150 });
    const during = await roundTripMs(one, two);
    expect(during).toBeGreaterThan(299);
    await slow.heal();
    expect(during / (await roundTripMs(one, two))).toBeGreaterThan(2);
    expect(during / before).toBeGreaterThan(2);
  });

  test('a link that loses all loses what two machines send each other, and nothing else', async () => {
    const [one, two] = both();
    await using _loss = await lab().link([one, two], { lossPct: 100 });
    expect(await lost(one, two)).toBe(100);
    await two.waitForPort(22);
    await using _other = await lab().link([one, two], { lossPct: 0 });
    await expect.poll(() => lost(one, two), SOON).toBe(0);
  });

  test('a narrow link takes as long as its rate says', async () => {
    const [one, two] = both();
    await two.exec('busybox nc -ll -p 4002 -e sha1sum >/dev/null 2>&1 </dev/null &');
    await two.waitForPort(4002);
    const send = async (): Promise<number> => {
      const began = performance.now();
      const command = 'head -c 100000 /dev/zero | busybox nc two-b 4002';
      await one.exec(command, { check: true });
      return performance.now() - began;
    };
    await send();
    const before = await send();
    await using _narrow = await lab().link(one, { rateKbit: 200 });
    // 800 kbit and the headers, at 200 kbit/s.
    const during = await send();
    expect(during).toBeGreaterThan(3900);
    expect(during / before).toBeGreaterThan(2);
  });

  test('faults outlive the processes that carry them, and libvirtd', async () => {
    const [one, two] = both();
    await using _slow = await lab().link(one, { delayMs: 100 });
    await using _cut = await lab().partition(one, two);
    const ofLab = (): ReturnType<typeof processesOf> =>
      processesOf(basename(dirname(dirname(lab().stateDir))));
    const doomed = (await ofLab()).filter(({ words }) => /link-faults\.pl|^libvirtd/.test(words));
    expect(doomed).toHaveLength(3);
    for (const { pid } of doomed) process.kill(pid, 'SIGKILL');
    await sleep(3000);
    expect(await lost(one, two)).toBe(100);
    const began = performance.now();
    await one.waitForPort(22);
    expect(performance.now() - began).toBeGreaterThan(200);
  });

  test('faults that make no sense are refused', async () => {
    const invalid = expect.objectContaining({ code: 'FAULT_INVALID' }) as unknown;
    await expect(lab().partition('one', ['one', 'two_b'])).rejects.toThrow(invalid);
    await expect(lab().partition(['one', 'two_b'])).rejects.toThrow(invalid);
    await expect(lab().link('one', { lossPct: 101 })).rejects.toThrow(invalid);
    await expect.poll(() => lost(...both()), SOON).toBe(0);
  });
}

/** Percent of three pings. */
async function lost(from: TestMachine, to: TestMachine): Promise<number> {
  const { stdout, stderr } = await from.exec(`ping -q -i 0.3 -c 3 -W 2 ${to.hostname}`);
  expect(stdout + stderr).toContain('packet loss');
  return Number(/([\d.]+)% packet loss/.exec(stdout)?.[1]);
}

function lostBothWays(one: TestMachine, two: TestMachine): Promise<[number, number]> {
  return Promise.all([lost(one, two), lost(two, one)]);
}

/** The shortest of three. */
async function roundTripMs(from: TestMachine, to: TestMachine): Promise<number> {
  const { stdout } = await from.exec(`ping -q -i 0.5 -c 3 -W 5 ${to.hostname}`);
  return Number(/= ([\d.]+)\//.exec(stdout)?.[1]);
}

async function succeeds(machine: TestMachine, command: string): Promise<boolean> {
  return (await machine.exec(command)).exitCode === 0;
}
