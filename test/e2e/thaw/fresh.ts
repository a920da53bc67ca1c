// Two machines from one template: each its own, with nothing of the other and nothing of the template.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { TestLab } from '../support/lab.ts';
import { type Probe, probe } from '../support/probe.ts';
import { hashesOf, type OwnStore } from '../support/store.ts';

/** A boot on a host that is busy takes minutes. */
const SETTLED_MS = 300_000;

export function fresh(
  lab: () => TestLab,
  store: () => OwnStore,
  names: readonly [string, string],
): void {
  const [one, two] = names;
  let probes: readonly Probe[] = [];
  let hashes: Record<string, string> = {};
  const template = async (): Promise<string> => {
    const all = await store().templates();
    expect(all).toHaveLength(1);
    return join(store().templatesDir, all[0] ?? '');
  };

  test('the first up makes one template, says so, and thaws both machines from it', async () => {
    const { code, stdout, stderr } = await lab().skerry(['up', '--timings']);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('making a template, which later ones are thawed from');
    for (const name of names) expect(stdout).toMatch(new RegExp(`${name} +thaw +\\d+ ms`));
    expect(stdout).not.toMatch(/ boot +\d/);
    hashes = await hashesOf(await template());
    expect(Object.keys(hashes)).toEqual([
      'checked.json',
      'disk.qcow2',
      'frozen.json',
      'memory',
      'state',
      'template.json',
    ]);
  });

  test('nothing that must differ is the same', async () => {
    probes = await Promise.all(names.map((name) => probe(lab(), name)));
    const [first, second] = probes as [Probe, Probe];
    for (const key of Object.keys(first) as (keyof Probe)[]) {
      expect(first[key], key).not.toBe('');
      expect(second[key], key).not.toBe(first[key]);
    }
    // Nor when it is asked again.
    const again = await probe(lab(), one);
    expect(again.urandom).not.toBe(first.urandom);
    expect(again.getrandom).not.toBe(first.getrandom);
    expect(again.bootId).toBe(first.bootId);
  });

  test('they are what the lab says they are, and sshd shows the keys that are known', async () => {
    const { machines } = await lab().status();
    for (const [at, { hostname, address }] of machines.entries())
      expect(probes[at]).toMatchObject({ hostname, address: `${address}/` });
    for (const name of names)
      expect(await lab().ok(['ssh', name, '--', 'hostname'])).toBe(`${name}\n`);
  });

  test('their clocks are right', async () => {
    for (const name of names) {
      const before = Date.now();
      const said = await lab().ok(['exec', '--on', name, '--', 'date', '+%s%3N']);
      expect(Number(said)).toBeGreaterThan(before - 1000);
      expect(Number(said)).toBeLessThan(Date.now() + 1000);
    }
  });

  test('after a while networkd has the lease, by the own MAC, and the journal is the own', async () => {
    for (const [at, name] of names.entries()) {
      const lease = await until(lab(), name, 'cat /run/systemd/netif/leases/*', /^ADDRESS=/m);
      const { mac = '', address = '', machineId = '' } = probes[at] ?? {};
      expect(lease).toContain(`ADDRESS=${address.replace('/', '')}`);
      expect(lease).toContain(`CLIENTID=01${mac.replaceAll(':', '')}`);
      const journal = await until(lab(), name, 'journalctl -o json -n 1', /_MACHINE_ID/);
      expect(JSON.parse(journal.trim())).toMatchObject({
        _MACHINE_ID: machineId,
        _HOSTNAME: name,
      });
      await until(lab(), name, 'ls /run/log/journal', new RegExp(`^${machineId}\n$`));
      expect(await lab().ok(['exec', '--on', name, '--', 'systemctl', '--failed', '-q'])).toBe('');
      await until(lab(), name, 'systemctl is-system-running', /^running/m);
      expect(await lab().ok(['exec', '--on', name, '--', 'ls', '/run'])).not.toMatch(/template/);
    }
  });

  test('the template has no secret and nothing of the lab', async () => {
    const { stateDir, id } = await lab().status();
    const key = await readFile(join(stateDir, 'ssh', 'id_ed25519'), 'utf8');
    const publicKey = await readFile(join(stateDir, 'ssh', 'id_ed25519.pub'), 'utf8');
    const hostKeys = await Promise.all(
      names.map((name) => readFile(join(stateDir, 'ssh', 'hosts', name), 'utf8')),
    );
    const texts = [key, ...hostKeys].map((text) => text.split('\n')[2] ?? '');
    const own = probes.flatMap(({ machineId, mac, address, bootId, hostname }) => [
      ...[machineId, mac, address.replace('/', ''), bootId, hostname],
    ]);
    const wanted = [...texts, publicKey.split(' ')[1] ?? '', ...own, id];
    const needles = [
      ...wanted.map((text) => Buffer.from(text)),
      ...probes.map(({ mac }) => Buffer.from(mac.replaceAll(':', ''), 'hex')),
    ];
    for (const needle of needles) expect(needle.length).toBeGreaterThan(5);
    const dir = await template();
    for (const file of ['memory', 'state', 'disk.qcow2', 'template.json', 'frozen.json']) {
      const content = await readFile(join(dir, file));
      const found = needles.filter((needle) => content.includes(needle));
      expect(found.map(String), file).toEqual([]);
    }
  });

  test('machines that run, and write, change nothing of the template', async () => {
    const write =
      'dd if=/dev/urandom of=/root/noise bs=1M count=20 2>/dev/null; sync; rm /root/noise';
    await lab().ok(['exec', '--', write]);
    expect(await hashesOf(await template())).toEqual(hashes);
  });

  test('a template in use is not removed: the error names the lab, and gc keeps it', async () => {
    const [id = ''] = await store().templates();
    const { code, stderr } = await lab().skerry(['image', 'remove', id]);
    expect(code).toBe(4);
    expect(stderr).toContain(`template ${id} is used by thaw`);
    await lab().ok(['image', 'gc', '--all']);
    expect(await store().templates()).toEqual([id]);
    expect(await lab().ok(['image', 'list'])).toMatch(new RegExp(`${id} .*256 MiB.* thaw`));
  });

  test('a guest that reboots is the same machine, of another boot', async () => {
    await lab().ok(['exec', '--on', one, '--', 'systemd-run', '-q', '--on-active=1', 'reboot']);
    const { bootId: old, ...same } = identityOf(probes[0]);
    const bootId = await until(lab(), one, 'cat /proc/sys/kernel/random/boot_id', isNot(old));
    await expect
      .poll(() => lab().skerry(['ssh', one, '--', 'true']), POLL)
      .toMatchObject({ code: 0 });
    expect(identityOf(await probe(lab(), one))).toMatchObject({ ...same, bootId: bootId.trim() });
    await until(lab(), one, 'systemctl is-system-running', /^running/m);
  });

  test('after halt and up, which boots them, they are the same machines', async () => {
    await lab().ok(['exec', '--on', two, '--', 'echo kept >/root/kept; sync']);
    await lab().ok(['halt']);
    const said = await lab().ok(['up', '--timings']);
    for (const name of names) expect(said).toMatch(new RegExp(`${name} +boot +\\d+ ms`));
    const again = await Promise.all(names.map((name) => probe(lab(), name)));
    for (const [at, now] of again.entries()) {
      const { bootId, ...same } = identityOf(probes[at]);
      expect(identityOf(now)).toMatchObject(same);
      expect(now.bootId).not.toBe(bootId);
    }
    expect(await lab().ok(['exec', '--on', two, '--', 'cat', '/root/kept'])).toBe('kept\n');
    for (const name of names) await until(lab(), name, 'systemctl is-system-running', /^running/m);
    expect(await hashesOf(await template())).toEqual(hashes);
  });
}

const POLL = { timeout: SETTLED_MS, interval: 1000 };

function identityOf(of: Probe | undefined): Omit<Probe, 'urandom' | 'getrandom'> {
  const { urandom: _, getrandom: __, ...identity } = of ?? ({} as Probe);
  return identity;
}

function isNot(text: string): RegExp {
  return new RegExp(`^(?!${text})[0-9a-f-]{36}`);
}

/** What a command in a machine prints, as soon as that matches. */
async function until(
  lab: TestLab,
  machine: string,
  command: string,
  wanted: RegExp,
): Promise<string> {
  const deadline = performance.now() + SETTLED_MS;
  for (;;) {
    const { stdout, stderr } = await lab.skerry(['exec', '--on', machine, '--', command]);
    if (wanted.test(stdout)) return stdout;
    if (performance.now() > deadline)
      throw new Error(`${machine}: ${command}: not ${String(wanted)}: ${stdout}${stderr}`);
    await sleep(500);
  }
}
