// A lab's moments: snapshots to go back to, and forks that go their own way.
import type { TestLab } from 'skerry/testing';
import { expect, test } from 'vitest';

export function momentsOfALab(lab: () => TestLab): void {
  test('a snapshot brings files and programs back, as often as wanted', async () => {
    const one = lab().machine('one');
    await one.exec('echo before >/root/moment; sleep 1000 >/dev/null 2>&1 </dev/null &');
    const snapshot = await lab().snapshot();
    expect(snapshot.name).toBe('snapshot-1');
    for (const word of ['this', 'that']) {
      await one.exec(`echo ${word} >/root/moment; pkill sleep`, { check: true });
      await snapshot.restore();
      const { stdout } = await one.exec('cat /root/moment; pgrep -c sleep');
      expect(stdout).toBe('before\n1\n');
    }
    await snapshot.remove();
    await expect(snapshot.restore()).rejects.toThrow(
      expect.objectContaining({ code: 'SNAPSHOT_MISSING' }),
    );
  });

  test('a partition holds over a restore', async () => {
    const one = lab().machine('one');
    const snapshot = await lab().snapshot();
    await using _cut = await lab().partition('two_b');
    await snapshot.restore();
    expect((await one.exec('ping -q -c 2 -i 0.3 -W 2 two-b')).stdout).toContain('100% packet loss');
    await snapshot.remove();
  });

  test('a fork has the same machines, and neither can touch the other', async () => {
    const [one, two] = [lab().machine('one'), lab().machine('two_b')];
    await one.exec('echo origin >/root/which', { check: true });
    await using fork = await lab().fork();
    const twin = fork.machine('one');
    expect(twin.address).toBe(one.address);
    expect((await twin.exec('cat /root/which')).stdout).toBe('origin\n');
    await twin.exec('echo fork >/root/which', { check: true });
    await fork.partition('two_b');
    expect((await one.exec('cat /root/which')).stdout).toBe('origin\n');
    expect((await twin.exec(`ping -q -c 2 -i 0.3 -W 2 ${two.address}`)).exitCode).toBe(1);
    expect((await one.exec(`ping -q -c 2 -i 0.3 -W 5 ${two.address}`)).exitCode).toBe(0);
  });
}
