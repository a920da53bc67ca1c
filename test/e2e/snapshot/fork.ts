import { mkdir, readFile, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { TestLab } from '../support/lab.ts';
import { clockError, expectTalk, on } from './talk.ts';

const FORK = ['--lab', 'side'];

interface Tried {
  readonly run: number;
  readonly exitCode: number;
  readonly output: Readonly<Record<string, string>>;
}

export function fork(lab: () => TestLab): void {
  const identity = 'hostname; cat /etc/machine-id /etc/ssh/*.pub; ip -br -4 address show eth0';

  test('a fork of now has everything of the lab, and both go on talking', async () => {
    const before = await on(lab(), 'one', identity);
    expect(await lab().ok(['fork', 'side'])).toMatch(
      /^Fork side runs after [\d.]+ s; snap stood still/m,
    );
    expect(await on(lab(), 'one', identity, FORK)).toBe(before);
    await expectTalk(lab(), FORK);
    await expectTalk(lab());
    expect(await clockError(lab(), FORK)).toBeLessThan(1);
    const { stdout } = await lab().skerry(['status', ...FORK]);
    expect(stdout).toContain('snap@side');
    expect(await lab().ok(['fork'])).toMatch(/side +running +2/);
    expect(await lab().ok(['global-status'])).toMatch(/snap-\w+@side +running/);
  });

  test('a folder of that name does not stand before it; a name of neither is an error', async () => {
    await mkdir(join(lab().dir, 'side'));
    expect(await lab().ok(['status', ...FORK])).toContain('snap@side');
    await rmdir(join(lab().dir, 'side'));
    const { code, stderr } = await lab().skerry(['status', '--lab', 'sied']);
    expect(stderr).toContain("neither a fork nor a folder 'sied'; forks: side");
    expect(code).toBe(3);
  });

  test('what happens in one is not seen in the other', async () => {
    await on(lab(), 'one', 'echo fork >/root/disk; echo fork >/run/memory; sync', FORK);
    await on(lab(), 'one', 'echo origin >/root/disk; sync');
    expect(await on(lab(), 'one', 'cat /root/disk /run/memory', FORK)).toBe('fork\nfork');
    expect(await on(lab(), 'one', 'cat /root/disk')).toBe('origin');
  });

  test('ssh, names and halt work in it; its own disks boot', async () => {
    expect(await lab().ok(['ssh', ...FORK, 'two', '--', 'hostname'])).toBe('two\n');
    await on(lab(), 'one', 'ping -q -c 1 -W 5 two.snap.test', FORK);
    await lab().ok(['halt', ...FORK]);
    await expectTalk(lab());
    await lab().ok(['up', ...FORK]);
    expect(await on(lab(), 'one', 'cat /root/disk', FORK)).toBe('fork');
  });

  test('it can be put back to its start, also when the snapshot of the lab is gone', async () => {
    await lab().ok(['snapshot', 'save', 'origin']);
    await lab().ok(['fork', 'late', '--from', 'origin']);
    await lab().ok(['snapshot', 'delete', 'origin']);
    await lab().ok(['snapshot', 'restore', 'start', '--lab', 'late']);
    await expectTalk(lab(), ['--lab', 'late']);
    await lab().ok(['destroy', '--yes', '--lab', 'late']);
  });

  test.each([
    ['a name that is taken', ['side'], 4, 'skerry destroy --lab side'],
    ['a name that is none', ['Side_1'], 2, 'small letters'],
    ['a fork of a fork', ['more', ...FORK], 2, '--lab'],
    ['from a snapshot nobody has', ['more', '--from', 'redy'], 3, 'ready'],
    ['a snapshot but no name', ['--from', 'ready'], 2, 'skerry fork NAME --from'],
    ['a name for --try', ['more', '--try', 'true'], 2, "leave 'more' out"],
    ['a number of times that is none', ['--try', 'true', '--times', 'x'], 2, 'whole number'],
  ])('%s: exit code and hint', async (_, words, exit, hint) => {
    const { code, stderr } = await lab().skerry(['fork', ...words]);
    expect(stderr).toContain(hint);
    expect(code).toBe(exit);
    expect(await lab().ok(['fork'])).not.toContain('more');
  });

  test('--try runs each time from the same instant, reports, and leaves nothing', async () => {
    await on(lab(), 'one', 'echo 0 >/run/tries');
    const command = 'n=$(cat /run/tries); echo $((n + 1)) >/run/tries; echo try $n; exit 3';
    const words = ['fork', '--try', command, '--times', '2', '--json'];
    const { code, stdout } = await lab().skerry(words);
    expect(code).toBe(1);
    expect(JSON.parse(stdout) as Tried[]).toMatchObject([
      { run: 1, exitCode: 3, output: { one: 'try 0\n' } },
      { run: 2, exitCode: 3, output: { one: 'try 0\n' } },
    ]);
    expect(await on(lab(), 'one', 'cat /run/tries')).toBe('0');
    expect(await lab().ok(['fork', '--try', 'true'])).toContain('1 of 1 runs succeeded');
    expect(await lab().ok(['fork'])).not.toContain('try-');
    expect(await lab().ok(['snapshot', 'list'])).not.toContain('try-');
  });

  test('the origin can go first; the fork does not notice', async () => {
    const { stateDir } = await lab().status();
    const record = JSON.parse(await readFile(join(stateDir, 'lab.json'), 'utf8')) as object;
    expect(record).toMatchObject({ name: 'snap' });
    await lab().ok(['halt', '--force']);
    await expect(lab().ok(['exec', ...FORK, '--', 'sync'])).resolves.toBe('');
    await lab().ok(['destroy', '--yes', ...FORK]);
    await lab().ok(['snapshot', 'restore', 'ready']);
    await expectTalk(lab());
  });
}
