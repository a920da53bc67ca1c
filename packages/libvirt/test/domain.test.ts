// A domain's devices, disks, snapshots and jobs on real QEMU, without a guest: paused or in its firmware.
// virsh, on the same daemon, says whether what we read and did is so.
import { execFile } from 'node:child_process';
import { stat, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  connect,
  type Connection,
  type Domain,
  isAgentUnavailable,
  isInvalidState,
  isNotFound,
} from '@skerry/libvirt';
import { type Daemon, startDaemon } from './daemon.ts';

const run = promisify(execFile);
const MIB = 1024 * 1024;

let daemon: Daemon;
let conn: Connection;

beforeAll(async () => {
  daemon = await startDaemon();
  conn = await connect(daemon.uri('qemu:///system'));
});

afterAll(async () => {
  await conn.close();
  await daemon[Symbol.asyncDispose]();
});

async function virsh(...args: string[]): Promise<string> {
  return (
    await run('virsh', ['-c', daemon.clientUri('qemu:///system'), '-q', ...args])
  ).stdout.trim();
}

/** A new image of 64 MiB in the daemon's folder; the path. */
async function image(name: string, ...options: string[]): Promise<string> {
  const path = `${daemon.folder}/${name}`;
  await run('qemu-img', ['create', '-q', '-f', 'qcow2', ...options, path, '64M']);
  return path;
}

async function machine(name: string, extra = ''): Promise<Domain> {
  const disk = await image(`${name}.qcow2`);
  return conn.defineDomain(`
    <domain type='qemu'>
      <name>${name}</name>
      <memory unit='MiB'>128</memory>
      <currentMemory unit='MiB'>64</currentMemory>
      <vcpu current='1'>4</vcpu>
      <os><type arch='x86_64' machine='pc'>hvm</type></os>
      <features><acpi/></features>
      <devices>
        <emulator>/usr/bin/qemu-system-x86_64</emulator>
        <disk type='file' device='disk'>
          <driver name='qemu' type='qcow2'/>
          <source file='${disk}'/>
          <target dev='vda' bus='virtio'/>
        </disk>
        <video><model type='vga'/></video>
        <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
        <memballoon model='virtio'/>
        ${extra}
      </devices>
    </domain>`);
}

/** Waits until a disk's job has nothing left to do. */
async function settled(domain: Domain, disk: string): Promise<void> {
  await expect
    .poll(async () => (await domain.blockJob(disk).then((job) => job && job.end - job.cur)) ?? 0n, {
      timeout: 20_000,
    })
    .toBe(0n);
}

test('disks and network cards are plugged in, changed and pulled out', async () => {
  const domain = await machine('plug');
  await using events = await conn.events({ types: ['device-added'], domain });
  await domain.start({ paused: true });
  const disk = `<disk type='file'><driver name='qemu' type='qcow2'/>
    <source file='${await image('extra.qcow2')}'/><target dev='vdb' bus='virtio'/></disk>`;
  await domain.attachDevice(disk, { affect: 'both' });
  const nic = (state: string): string => `<interface type='user'>
    <mac address='52:54:00:00:00:07'/><model type='virtio'/><link state='${state}'/></interface>`;
  await domain.attachDevice(nic('up'), { affect: 'live' });
  expect((await events.next()).value).toMatchObject({ alias: 'virtio-disk1' });
  expect((await events.next()).value).toMatchObject({ alias: 'net0' });
  expect(await virsh('domblklist', 'plug')).toContain('vdb');
  await domain.updateDevice(nic('down'), { affect: 'live' });
  expect(await virsh('domif-getlink', 'plug', '52:54:00:00:00:07')).toContain('down');
  await domain.detachDevice(disk, { affect: 'config' });
  expect(await domain.xml({ inactive: true })).not.toContain('vdb');
  // Without a guest nobody lets go of the card, but the request is taken.
  await domain.detachDeviceAlias('net0', { affect: 'live' });
  await expect(domain.detachDeviceAlias('net9')).rejects.toMatchObject({ code: 1 });
  await domain.destroy();
  await domain.undefine();
});

test('memory and vcpus are what virsh says', async () => {
  const domain = await machine('size');
  expect(await domain.maxMemoryKiB()).toBe(128 * 1024);
  await domain.setMemory(256 * 1024, { affect: 'config', maximum: true });
  expect(await domain.maxMemoryKiB()).toBe(256 * 1024);
  await domain.setVcpus(8, { affect: 'config', maximum: true });
  await domain.setVcpus(2, { affect: 'config' });
  expect(await domain.vcpuCount({ affect: 'config', maximum: true })).toBe(8);
  expect(await virsh('vcpucount', 'size', '--config', '--current')).toBe('2');
  await domain.pinVcpu(1, [0, 1], { affect: 'config' });
  expect(await virsh('vcpupin', 'size', '--config')).toMatch(/1 +0-1/);
  await domain.addIoThread(3, { affect: 'config' });
  expect(await virsh('iothreadinfo', 'size', '--config')).toMatch(/^ *3/);
  expect(await domain.ioThreads({ affect: 'config' })).toEqual([3]);
  await domain.removeIoThread(3, { affect: 'config' });

  await domain.start({ paused: true });
  expect((await domain.vcpus()).map(({ state }) => state)).toEqual(['running', 'running']);
  await domain.setVcpu('3', true, { affect: 'live' });
  expect(await virsh('vcpucount', 'size', '--live', '--current')).toBe('3');
  expect(await domain.memoryStats()).toMatchObject({ balloon: expect.any(BigInt) });
  await domain.setMemoryStatsPeriod(2);
  expect(await domain.osType()).toBe('hvm');
  expect(await domain.isUpdated()).toBe(false);
  await domain.destroy();
  await domain.undefine();
});

test('limits are what virsh says', async () => {
  const domain = await machine('limits');
  await domain.setTuning('memory', { hard_limit: 300_000 }, { affect: 'config' });
  expect((await domain.tuning('memory', { affect: 'config' })).hard_limit).toBe(300_000n);
  const nonsense = domain.setTuning('memory', { nonsense: 1 }, { affect: 'config' });
  await expect(nonsense).rejects.toThrow(/nonsense/);
  await domain.setSchedulerParams({ vcpu_quota: -1, cpu_shares: 512 }, { affect: 'config' });
  expect(await virsh('schedinfo', 'limits', '--config')).toMatch(/cpu_shares *: 512/);
  expect((await domain.schedulerParams({ affect: 'config' })).cpu_shares).toBe(512n);
  await domain.setLifecycleAction('crash', 'preserve', { affect: 'config' });
  expect(await domain.xml({ inactive: true })).toContain('<on_crash>preserve</on_crash>');
  await domain.undefine();
});

test('a disk has sizes, counters and limits, and can grow', async () => {
  const domain = await machine('disk');
  await domain.start({ paused: true });
  expect(await domain.blockInfo('vda')).toMatchObject({ capacityBytes: 64 * MIB });
  await domain.resizeDisk('vda', 100 * MIB);
  expect(await virsh('domblkinfo', 'disk', 'vda')).toMatch(new RegExp(`Capacity: +${100 * MIB}`));
  expect((await domain.blockStats('vda')).rd_bytes).toBe(0n);
  await domain.setBlockIoTune('vda', { total_iops_sec: 500, group_name: 'slow' });
  expect(await domain.blockIoTune('vda')).toMatchObject({
    total_iops_sec: 500n,
    group_name: 'slow',
  });
  expect(await virsh('blkdeviotune', 'disk', 'vda')).toMatch(/total_iops_sec *: 500/);
  await domain.setBlockThreshold('vda', 90 * MIB);
  expect(await domain.diskErrors()).toEqual([]);
  await writeFile(`${daemon.folder}/raw`, 'abcd'.repeat(1024));
  const raw = `<disk type='file'><source file='${daemon.folder}/raw'/><target dev='vdb'/></disk>`;
  await domain.attachDevice(raw);
  expect(Buffer.from(await domain.blockPeek('vdb', 2, 4)).toString()).toBe('cdab');
  await domain.destroy();
  await domain.undefine();
});

test('block jobs copy, pull and commit, and can be watched and aborted', async () => {
  const domain = await machine('jobs');
  await domain.start({ paused: true });
  await using events = await conn.events({ types: ['block-job'], domain });
  expect(await domain.blockJob('vda')).toBeNull();

  const dest = `<disk type='file'><driver type='qcow2'/><source file='${daemon.folder}/copy'/></disk>`;
  await domain.blockCopy('vda', dest, { transientJob: true, bytesPerSec: 50 * MIB });
  await settled(domain, 'vda');
  expect(await domain.blockJob('vda')).toMatchObject({ type: 'copy', bytesPerSec: 50 * MIB });
  await domain.setBlockJobSpeed('vda', 60 * MIB);
  expect(await virsh('blockjob', 'jobs', 'vda', '--info', '--bytes')).toContain(String(60 * MIB));
  expect((await events.next()).value).toMatchObject({ job: 'copy', status: 'ready', disk: 'vda' });
  await domain.abortBlockJob('vda', { pivot: true });
  expect((await events.next()).value).toMatchObject({ job: 'copy', status: 'completed' });
  expect(await virsh('domblklist', 'jobs')).toContain(`${daemon.folder}/copy`);

  const overlay = '<domainsnapshot><name>top</name></domainsnapshot>';
  await domain.createSnapshot(overlay, { diskOnly: true, noMetadata: true });
  expect(await virsh('domblklist', 'jobs')).toContain('copy.top');
  await domain.blockCommit('vda', { active: true });
  await settled(domain, 'vda');
  expect((await events.next()).value).toMatchObject({ job: 'active-commit', status: 'ready' });
  await domain.abortBlockJob('vda', { pivot: true });
  expect((await events.next()).value).toMatchObject({ job: 'active-commit', status: 'completed' });
  expect(await virsh('domblklist', 'jobs')).not.toContain('copy.top');

  const second = overlay.replace('top', 'second');
  await domain.createSnapshot(second, { diskOnly: true, noMetadata: true });
  await domain.blockPull('vda');
  expect((await events.next()).value).toMatchObject({ job: 'pull', status: 'completed' });
  expect(await domain.xml()).not.toContain('<backingStore type');
  await domain.destroy();
  await domain.undefine();
});

test('snapshots are taken, listed as a tree, returned to and deleted', async () => {
  const domain = await machine('snap');
  await domain.start({ paused: true });
  expect(await domain.currentSnapshot()).toBeNull();
  const xml = (name: string): string => `<domainsnapshot><name>${name}</name></domainsnapshot>`;
  const first = await domain.createSnapshot(xml('first'));
  const second = await domain.createSnapshot(xml('second'));
  expect((await domain.snapshots({ topological: true })).map((s) => s.name)).toEqual([
    'first',
    'second',
  ]);
  expect(await virsh('snapshot-list', 'snap', '--name')).toBe('first\nsecond');
  expect((await domain.snapshots({ leaves: true })).map((s) => s.name)).toEqual(['second']);
  expect((await domain.snapshot('first')).name).toBe('first');
  expect(await first.parent()).toBeNull();
  expect((await second.parent())?.name).toBe('first');
  expect((await first.children()).map((s) => s.name)).toEqual(['second']);
  expect(await second.isCurrent()).toBe(true);
  expect(await second.hasMetadata()).toBe(true);
  expect((await domain.currentSnapshot())?.name).toBe('second');
  expect(await first.xml()).toContain('<state>paused</state>');
  await domain.resume();
  await first.revert({ paused: true });
  expect(await domain.state()).toMatchObject({ state: 'paused', reason: 'from-snapshot' });
  expect(await virsh('snapshot-current', 'snap', '--name')).toBe('first');
  await second.delete();
  await first.delete({ children: true });
  expect(await domain.snapshots()).toEqual([]);
  await expect(domain.snapshot('first')).rejects.toSatisfy(isNotFound);
  await domain.destroy();
  await domain.undefine();
});

test('a backup with checkpoints copies what has changed', async () => {
  const domain = await machine('back');
  await domain.start({ paused: true });
  await using events = await conn.events({ types: ['job-completed'], domain });
  const checkpointXml = `<domaincheckpoint><name>c1</name></domaincheckpoint>`;
  await domain.beginBackup(
    `<domainbackup><disks><disk name='vda' type='file'>
      <target file='${daemon.folder}/backup'/></disk></disks></domainbackup>`,
    { checkpointXml },
  );
  expect((await events.next()).value).toMatchObject({ params: { operation: 9 } });
  expect((await stat(`${daemon.folder}/backup`)).size).toBeGreaterThan(0);
  expect(await domain.jobStats({ completed: true })).toMatchObject({
    type: 'completed',
    operation: 'backup',
  });
  const second = await domain.createCheckpoint(checkpointXml.replace('c1', 'c2'));
  expect((await domain.checkpoints({ topological: true })).map((c) => c.name)).toEqual([
    'c1',
    'c2',
  ]);
  expect(await virsh('checkpoint-list', 'back', '--name', '--topological')).toBe('c1\nc2');
  expect((await second.parent())?.name).toBe('c1');
  const first = await domain.checkpoint('c1');
  expect(await first.parent()).toBeNull();
  expect((await first.children()).map((c) => c.name)).toEqual(['c2']);
  expect(await first.xml({ noDomain: true })).not.toContain('<domain ');
  await first.delete({ children: true });
  expect(await domain.checkpoints()).toEqual([]);

  const nbd = `<domainbackup mode='pull'><server transport='unix' socket='${daemon.folder}/nbd'/>
    <disks><disk name='vda' type='file'><scratch file='${daemon.folder}/scratch'/></disk></disks>
    </domainbackup>`;
  await domain.beginBackup(nbd);
  expect(await domain.backupXml()).toContain("mode='pull'");
  expect(await domain.jobStats()).toMatchObject({ operation: 'backup' });
  await domain.abortJob();
  await domain.destroy();
  await domain.undefine();
});

test('memory goes to files and comes back', async () => {
  const domain = await machine('save');
  await domain.start({ paused: true });
  await domain.coreDump(`${daemon.folder}/core`, { memoryOnly: true, format: 'kdump-zlib' });
  expect((await stat(`${daemon.folder}/core`)).size).toBeGreaterThan(1000);
  // The firmware's reset vector is a far jump.
  expect((await domain.memoryPeek(0xffff0, 1))[0]).toBe(0xea);
  expect(await domain.jobStats()).toMatchObject({ type: 'none' });
  await expect(domain.abortJob()).rejects.toSatisfy(isInvalidState);
  await domain.managedSave({ restoreAs: 'running' });
  expect(await domain.hasManagedSave()).toBe(true);
  const xml = await domain.managedSaveXml();
  expect(xml).toContain('<name>save</name>');
  await domain.setManagedSaveXml(xml, { restoreAs: 'paused' });
  await domain.start();
  expect(await domain.state()).toMatchObject({ state: 'paused' });
  await domain.destroy();
  await domain.undefine();
});

test('a screen can be seen, and keys pressed', async () => {
  const domain = await machine('screen');
  await domain.start();
  const { mime, image } = await domain.screenshot();
  expect(mime).toMatch(/pixmap|png/);
  expect(image.length).toBeGreaterThan(1000);
  await domain.sendKey([29, 56, 111], { holdMs: 10 });
  await domain.sendKey([0x1c], { codeset: 'xt' });
  await domain.injectNmi();
  await domain.reset();
  await expect(domain.sendProcessSignal(1, 15)).rejects.toMatchObject({ code: 3 });
  await domain.destroy();
  await domain.undefine();
});

test('a domain is renamed, found by number, and saved with another definition', async () => {
  const domain = await machine('before');
  await domain.rename('after');
  expect(await virsh('domname', domain.uuid)).toBe('after');
  await domain.start({ paused: true });
  const running = await conn.domain('after');
  expect((await conn.domainById(running.ref.id)).uuid).toBe(domain.uuid);
  expect(await virsh('domid', 'after')).toBe(String(running.ref.id));

  const file = `${daemon.folder}/file`;
  await domain.save(file);
  const xml = await conn.savedDomainXml(file);
  expect(xml).toContain('<name>after</name>');
  await conn.setSavedDomainXml(file, xml.replace('</name>', '</name><title>saved</title>'), {
    restoreAs: 'paused',
  });
  await conn.restoreDomain(file);
  expect(await domain.state()).toMatchObject({ state: 'paused' });
  expect(await domain.metadata('title')).toBe('saved');
  await domain.destroy();
  await domain.undefine();
});

test('power is asked for as virsh does, and refused where the machine cannot', async () => {
  const domain = await machine('power');
  await expect(domain.shutdown()).rejects.toSatisfy(isInvalidState);
  await domain.start();
  await domain.shutdown({ mode: 'acpi' });
  await domain.reboot({ mode: 'acpi' });
  await expect(domain.shutdown({ mode: 'initctl' })).rejects.toMatchObject({
    name: 'LibvirtError',
  });
  await expect(domain.wakeUp()).rejects.toMatchObject({ name: 'LibvirtError' });
  await expect(domain.startPostCopy()).rejects.toSatisfy(isInvalidState);
  await domain.setMigrationCache(32 * MIB);
  expect(await domain.migrationCacheBytes()).toBe(32 * MIB);
  expect(await virsh('migrate-compcache', 'power')).toContain('32.000 MiB');
  await domain.destroy();
  await domain.undefine();
});

test('what the host spends on a domain is counted', async () => {
  const card = `<interface type='ethernet'><target dev='count0'/><model type='virtio'/></interface>`;
  const domain = await machine('count', card);
  await domain.start();
  expect((await domain.interfaceStats('count0')).txErrors).toBe(0n);
  const config = { affect: 'config' } as const;
  await domain.setInterfaceLimits('count0', { 'inbound.average': 1000 }, config);
  expect((await domain.interfaceLimits('count0', config))['inbound.average']).toBe(1000);
  expect(await virsh('domiftune', 'count', 'count0', '--config')).toMatch(/inbound.average: 1000/);
  await domain.pinVcpu(0, [0]);
  await domain.pinEmulator([0]);
  expect((await domain.vcpuPins())[0]).toEqual([0]);
  expect(await domain.emulatorPins()).toEqual([0]);
  expect(await virsh('emulatorpin', 'count')).toMatch(/^(\*: +)?0$/);
  await domain.setVcpus(3, { affect: 'config' });
  expect(await virsh('vcpucount', 'count', '--config', '--current')).toBe('3');
  await domain.startDirtyRateCalc(1);
  await domain.destroy();
  await domain.undefine();
});

test('what needs the guest agent says so when there is none', async () => {
  const domain = await machine('mute');
  await domain.start();
  await domain.setAgentTimeout(1);
  const calls: (() => Promise<unknown>)[] = [
    () => domain.hostname(),
    () => domain.guestInfo(['os']),
    () => domain.guestVcpus(),
    () => domain.setGuestVcpus('1', true),
    () => domain.time(),
    () => domain.setTime(new Date()),
    () => domain.setTime('from-rtc'),
    () => domain.fsFreeze(),
    () => domain.fsThaw(),
    () => domain.fsTrim(),
    () => domain.filesystems(),
    () => domain.setUserPassword('root', 'secret'),
    () => domain.authorizedSshKeys('root'),
    () => domain.setAuthorizedSshKeys('root', ['ssh-ed25519 AAAA'], { mode: 'append' }),
    () => domain.sleep('memory'),
    () => domain.interfaceAddresses('agent'),
  ];
  for (const call of calls) {
    await expect(call(), String(call)).rejects.toSatisfy(isAgentUnavailable);
  }
  await domain.destroy();
  await domain.undefine();
});
