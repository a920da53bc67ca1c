// What @skerry/libvirt asks a guest's agent, asked of a real guest.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect, type Connection, type Domain } from '@skerry/libvirt';
import { type Daemon, startDaemon } from '../../packages/libvirt/test/daemon.ts';
import { findImage } from '../../packages/skerry/src/image/store.ts';

let daemon: Daemon;
let conn: Connection;
let guest: Domain;

beforeAll(async () => {
  daemon = await startDaemon();
  conn = await connect(daemon.uri('qemu:///system'));
  const image = await findImage('debian-12');
  if (image === undefined) throw new Error('the image debian-12 is missing');
  const disk = `${daemon.folder}/disk.qcow2`;
  const backing = `${image.dir}/${image.disk}`;
  await promisify(execFile)('qemu-img', [
    ...['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', backing, disk],
  ]);
  await using events = await conn.events({
    types: ['agent-lifecycle'],
    signal: AbortSignal.timeout(400_000),
  });
  guest = await conn.createDomain(`
    <domain type='qemu'>
      <name>guest</name>
      <memory unit='MiB'>512</memory>
      <vcpu>2</vcpu>
      <os>
        <type arch='x86_64' machine='q35'>hvm</type>
        <kernel>${image.dir}/${image.kernel}</kernel>
        <initrd>${image.dir}/${image.initrd}</initrd>
        <cmdline>${image.kernelArgs} systemd.hostname=guest</cmdline>
      </os>
      <features><acpi/></features>
      <cpu mode='maximum'/>
      <clock offset='utc'/>
      <devices>
        <emulator>/usr/bin/qemu-system-x86_64</emulator>
        <disk type='file' device='disk'>
          <driver name='qemu' type='qcow2' discard='unmap'/>
          <source file='${disk}'/>
          <target dev='vda' bus='virtio'/>
        </disk>
        <controller type='pci' model='pcie-root'/>
        ${"<controller type='pci' model='pcie-root-port'/>".repeat(10)}
        <serial type='file'><source path='${daemon.folder}/serial'/></serial>
        <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
        <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>
      </devices>
    </domain>`);
  for await (const event of events) {
    if (event.type === 'agent-lifecycle' && event.state === 'connected') return;
  }
  throw new Error('the guest agent does not answer');
});

afterAll(async () => {
  await conn?.close();
  await daemon?.[Symbol.asyncDispose]();
});

test('facts about the guest are as the agent says', async () => {
  expect(await guest.hostname('agent')).toBe('guest');
  const info = await guest.guestInfo(['os', 'hostname', 'filesystem', 'timezone']);
  expect(info).toMatchObject({ 'os.id': 'debian', hostname: 'guest' });
  expect(Number(info['fs.count'])).toBeGreaterThan(0);
  const root = (await guest.filesystems()).find(({ mountpoint }) => mountpoint === '/');
  expect(root).toMatchObject({ type: 'ext4', disks: ['vda'] });
  const names = (await guest.interfaceAddresses('agent')).map(({ name }) => name);
  expect(names).toContain('lo');
  expect(await guest.memoryStats()).toMatchObject({ balloon: expect.any(BigInt) });
});

test('vcpus are switched in the guest', async () => {
  expect(await guest.guestVcpus()).toMatchObject({ vcpus: '0-1', online: '0-1' });
  await guest.setGuestVcpus('1', false);
  expect(await guest.guestVcpus()).toMatchObject({ online: '0' });
  expect(await guest.vcpuCount({ guest: true })).toBe(1);
  await guest.setVcpus(2, { guest: true });
  expect(await guest.guestVcpus()).toMatchObject({ online: '0-1' });
});

test('the clock is read and set', async () => {
  const then = new Date('2033-05-18T03:33:20.500Z');
  await guest.setTime(then);
  const now = await guest.time();
  expect(now.getTime()).toBeGreaterThanOrEqual(then.getTime());
  expect(now.getTime()).toBeLessThan(then.getTime() + 60_000);
  await guest.setTime(new Date());
});

test('file systems are frozen, thawed and trimmed', async () => {
  const count = await guest.fsFreeze();
  expect(count).toBeGreaterThan(0);
  expect(await guest.fsThaw()).toBe(count);
  await guest.fsTrim({ minimumBytes: 4096 });
  const xml = '<domainsnapshot><name>quiet</name></domainsnapshot>';
  const snapshot = await guest.createSnapshot(xml, { diskOnly: true, quiesce: true });
  expect(await snapshot.xml()).toContain('disk-snapshot');
});

test('passwords and ssh keys are set', async () => {
  await guest.setUserPassword('root', 'a new one');
  const key = `ssh-ed25519 ${'A'.repeat(68)}`;
  await guest.setAuthorizedSshKeys('root', [`${key} one`]);
  await guest.setAuthorizedSshKeys('root', [`${key} two`], { mode: 'append' });
  expect((await guest.authorizedSshKeys('root')).sort()).toEqual([`${key} one`, `${key} two`]);
  await guest.setAuthorizedSshKeys('root', [`${key} one`], { mode: 'remove' });
  expect(await guest.authorizedSshKeys('root')).toEqual([`${key} two`]);
});

test('a card is plugged in and lets go when asked', async () => {
  await using events = await conn.events({ types: ['device-added', 'device-removed'] });
  const nic = `<interface type='user'><mac address='52:54:00:00:00:07'/><model type='virtio'/></interface>`;
  await guest.attachDevice(nic);
  await expect
    .poll(async () => (await guest.interfaceAddresses('agent')).map(({ mac }) => mac), {
      timeout: 60_000,
    })
    .toContain('52:54:00:00:00:07');
  await guest.detachDevice(nic, { affect: 'live' });
  expect((await events.next()).value).toMatchObject({ type: 'device-added', alias: 'net0' });
  expect((await events.next()).value).toMatchObject({ type: 'device-removed', alias: 'net0' });
});

test('a command of the agent ends the machine, which says so', async () => {
  await using events = await conn.events({ types: ['lifecycle', 'agent-lifecycle'] });
  const path = '/usr/bin/systemctl';
  const arg = ['--no-block', 'poweroff'];
  const answer = await guest.agentCommand({ execute: 'guest-exec', arguments: { path, arg } });
  expect(answer).toMatchObject({ pid: expect.any(Number) });
  const seen: string[] = [];
  for await (const event of events) {
    if (event.type === 'agent-lifecycle') seen.push(event.state);
    else if (event.type === 'lifecycle') seen.push(`${event.event} ${event.detail}`);
    if (seen.at(-1)?.startsWith('stopped')) break;
  }
  expect(seen).toEqual(expect.arrayContaining(['disconnected', 'stopped shutdown']));
});
