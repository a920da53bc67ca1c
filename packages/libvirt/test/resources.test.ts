// Secrets, filters, devices, interfaces and storage: on the QEMU driver where it has them, else on
// the test driver. virsh, on the same daemon, is the judge.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect, type Connection, isNotFound, isUnsupported } from '@skerry/libvirt';
import { type Daemon, startDaemon } from './daemon.ts';

const MIB = 1024 * 1024;

let daemon: Daemon;
let qemu: Connection;
let mock: Connection;

beforeAll(async () => {
  daemon = await startDaemon();
  qemu = await connect(daemon.uri('qemu:///system'));
  mock = await connect(daemon.uri('test:///default'));
});

afterAll(async () => {
  await qemu.close();
  await mock.close();
  await daemon[Symbol.asyncDispose]();
});

async function virsh(driver: 'qemu' | 'test', ...args: string[]): Promise<string> {
  const uri = daemon.clientUri(driver === 'qemu' ? 'qemu:///system' : 'test:///default');
  return (await promisify(execFile)('virsh', ['-c', uri, '-q', ...args])).stdout.trim();
}

test('a secret is defined, filled, read, and tells about it', async () => {
  await using events = await qemu.events({ types: ['secret-lifecycle', 'secret-value'] });
  const secret = await qemu.defineSecret(`<secret ephemeral='no' private='no'>
    <usage type='volume'><volume>/srv/secret.img</volume></usage></secret>`);
  expect(secret).toMatchObject({ usage: 'volume', usageId: '/srv/secret.img' });
  await expect(secret.value()).rejects.toSatisfy(isNotFound);
  await secret.setValue(Buffer.from([0, 1, 255]));
  expect([...(await secret.value())]).toEqual([0, 1, 255]);
  expect(await virsh('qemu', 'secret-get-value', secret.uuid)).toBe('AAH/');
  expect((await qemu.secret(secret.uuid)).usageId).toBe('/srv/secret.img');
  expect((await qemu.secretByUsage('volume', '/srv/secret.img')).uuid).toBe(secret.uuid);
  expect((await qemu.secrets({ stored: true })).map((s) => s.uuid)).toEqual([secret.uuid]);
  expect(await qemu.secrets({ ephemeral: true })).toEqual([]);
  expect(await secret.xml()).toContain(secret.uuid);
  await secret.undefine();
  await expect(secret.xml()).rejects.toSatisfy(isNotFound);
  const seen: unknown[] = [];
  for await (const event of events) {
    seen.push('event' in event ? event.event : event.type);
    if (seen.length === 3) break;
  }
  expect(seen).toEqual(['defined', 'secret-value', 'undefined']);
});

test('network filters are defined, bound to a device and removed', async () => {
  const filter = await qemu.defineNwFilter(
    `<filter name='quiet' chain='root'><rule action='drop' direction='in'><all/></rule></filter>`,
  );
  expect((await qemu.nwFilters()).map((f) => f.name)).toContain('quiet');
  expect(await virsh('qemu', 'nwfilter-list')).toContain(filter.uuid);
  expect((await qemu.nwFilter('quiet')).uuid).toBe(filter.uuid);
  expect((await qemu.nwFilterByUuid(filter.uuid)).name).toBe('quiet');
  expect(await filter.xml()).toContain("action='drop'");
  expect(await qemu.nwFilterBindings()).toEqual([]);
  await expect(qemu.nwFilterBinding('nothing0')).rejects.toSatisfy(isNotFound);
  await filter.undefine();
  await expect(qemu.nwFilter('quiet')).rejects.toSatisfy(isNotFound);
});

test('a filter is bound to a network device', async () => {
  const network = await qemu.createNetwork(
    `<network><name>n</name><bridge name='filt0' stp='off' delay='0'/></network>`,
  );
  const filter = await qemu.defineNwFilter(
    `<filter name='quiet' chain='root'><rule action='drop' direction='in'><all/></rule></filter>`,
  );
  const xml = `<filterbinding>
    <owner><name>web</name><uuid>d54df46f-1ab5-4a22-8618-4560ef5fac2c</uuid></owner>
    <portdev name='filt0'/><mac address='52:54:00:7b:35:93'/>
    <filterref filter='quiet'/></filterbinding>`;
  expect((await qemu.networkByUuid(network.uuid)).name).toBe('n');
  const binding = await qemu.createNwFilterBinding(xml);
  expect(binding).toMatchObject({ portDevice: 'filt0', filter: 'quiet' });
  expect((await qemu.nwFilterBindings()).map((b) => b.portDevice)).toEqual(['filt0']);
  expect(await virsh('qemu', 'nwfilter-binding-list')).toContain('quiet');
  expect((await qemu.nwFilterBinding('filt0')).filter).toBe('quiet');
  expect(await binding.xml()).toContain('52:54:00:7b:35:93');
  await binding.delete();
  await filter.undefine();
  await network.destroy();
});

test('a network has ports, of domains or made by hand', async () => {
  const network = await qemu.createNetwork(
    `<network><name>ports</name><bridge name='port0' stp='off' delay='0'/></network>`,
  );
  const port = await network.createPort(
    `<networkport><uuid>2f6f4d3c-7d54-4bb6-8c0f-0b7ba7a5e3a1</uuid><owner><name>web</name><uuid>d54df46f-1ab5-4a22-8618-4560ef5fac2c</uuid></owner>
     <mac address='52:54:00:7b:35:93'/></networkport>`,
  );
  expect(await virsh('qemu', 'net-port-list', 'ports')).toContain(port.uuid);
  expect((await network.ports()).map(({ uuid }) => uuid)).toEqual([port.uuid]);
  expect((await network.port(port.uuid)).uuid).toBe(port.uuid);
  expect(await port.xml()).toContain('52:54:00:7b:35:93');
  await port.delete();
  await expect(port.xml()).rejects.toSatisfy(isNotFound);
  await network.destroy();
});

test('devices of the host are listed, described, made and removed', async () => {
  const devices = await qemu.nodeDevices({ active: true });
  expect(devices.map((d) => d.name).sort()).toEqual(
    (await virsh('qemu', 'nodedev-list')).split(/\s+/).sort(),
  );
  expect(await (await qemu.nodeDevice('computer')).isActive()).toBe(true);
  const hosts = await mock.nodeDevices({ capabilities: ['fc_host'] });
  expect(hosts.map(({ name }) => name)).toContain('scsi_host1');
  const host = await mock.nodeDevice('scsi_host1');
  expect(await host.capabilities()).toContain('scsi_host');
  expect(await host.parent()).toBe('computer');
  await using events = await mock.events({ types: ['node-device-lifecycle'] });
  const made = await mock.createNodeDevice(`<device><parent>${host.name}</parent>
    <capability type='scsi_host'><capability type='fc_host'>
    <wwnn>20000000c9831b4b</wwnn><wwpn>10000000c9831b4b</wwpn>
    </capability></capability></device>`);
  expect(await made.xml()).toContain('20000000c9831b4b');
  await made.destroy();
  await expect(made.xml()).rejects.toSatisfy(isNotFound);
  expect((await events.next()).value).toMatchObject({
    device: { name: made.name },
    event: 'created',
  });
  expect((await events.next()).value).toMatchObject({ event: 'deleted' });
  await expect(host.detach()).rejects.toSatisfy(isUnsupported);
  await expect(host.reattach()).rejects.toSatisfy(isUnsupported);
  await expect(mock.defineNodeDevice('<device/>')).rejects.toSatisfy(isUnsupported);
});

test('interfaces of the host are listed and changed', async () => {
  const [eth] = await mock.interfaces({ active: true });
  expect(eth).toMatchObject({ name: 'eth1', mac: 'aa:bb:cc:dd:ee:ff' });
  expect((await mock.interface('eth1')).mac).toBe(eth?.mac);
  expect((await mock.interfaceByMac('aa:bb:cc:dd:ee:ff')).name).toBe('eth1');
  expect((await eth?.xml())?.trim()).toBe(await virsh('test', 'iface-dumpxml', 'eth1'));
  await mock.beginInterfaceChange();
  const made = await mock.defineInterface(`<interface type='ethernet' name='eth7'>
    <mac address='aa:bb:cc:dd:ee:07'/></interface>`);
  await made.start();
  expect(await made.isActive()).toBe(true);
  await made.destroy();
  await mock.rollbackInterfaceChange();
  await mock.beginInterfaceChange();
  await mock.commitInterfaceChange();
  await expect(mock.interface('eth7')).rejects.toSatisfy(isNotFound);
  const names = (await qemu.interfaces()).map(({ name }) => name).sort();
  const listed = (await virsh('qemu', 'iface-list', '--all')).split('\n');
  const theirs = listed.map((line) => line.trim().split(/ +/)[0] ?? '');
  expect(names).toEqual(theirs.sort());
});

test('the host and its CPUs are described', async () => {
  expect(await qemu.driver()).toBe('QEMU');
  expect(await qemu.cpuModels('x86_64')).toContain('qemu64');
  expect(await qemu.maxVcpus('qemu')).toBeGreaterThan(0);
  expect((await qemu.cpuStats()).user).toBeGreaterThan(0n);
  expect((await qemu.memoryStats()).free).toBeGreaterThan(0n);
  const cpu = `<cpu><arch>x86_64</arch><model>qemu64</model></cpu>`;
  const options = { virtType: 'qemu', arch: 'x86_64' };
  expect(await qemu.compareCpu(cpu, options)).toBe('superset');
  expect(await qemu.baselineCpu([cpu, cpu], options)).toContain('qemu64');
  const argv = await qemu.domainXmlToNative(
    'qemu-argv',
    `<domain type='qemu'><name>a</name><memory>65536</memory>
      <os><type arch='x86_64'>hvm</type></os></domain>`,
  );
  expect(argv).toContain('qemu-system-x86_64');
  await expect(qemu.domainXmlFromNative('qemu-argv', argv)).rejects.toSatisfy(isUnsupported);
  expect(await qemu.domainCapabilities({ virtType: 'qemu' })).toContain('<domainCapabilities>');
  expect(await qemu.hypervisorVersion()).toMatch(/^\d+\.\d+\.\d+$/);
  expect(await qemu.sysinfo().catch(() => '<sysinfo')).toContain('<sysinfo');
  expect(await qemu.poolCapabilities()).toContain('<pool');
  await expect(qemu.suspendHost('memory', 1)).rejects.toMatchObject({ name: 'LibvirtError' });
});

test('pools and volumes are built, found, resized, cloned, wiped and deleted', async () => {
  const path = `${daemon.folder}/pool`;
  const pool = await qemu.definePool(
    `<pool type='dir'><name>p</name><target><path>${path}</path></target></pool>`,
  );
  await pool.start({ build: true });
  expect(await pool.isActive()).toBe(true);
  expect(await pool.isPersistent()).toBe(true);
  await pool.setAutostart(true);
  expect(await pool.autostart()).toBe(true);
  expect((await qemu.poolByUuid(pool.uuid)).name).toBe('p');
  expect((await qemu.poolByTargetPath(path)).name).toBe('p');
  const volume = await pool.createVolume(`<volume><name>v.qcow2</name>
    <capacity unit='MiB'>8</capacity><target><format type='qcow2'/></target></volume>`);
  expect((await qemu.poolOfVolume(volume)).name).toBe('p');
  expect((await qemu.volumeByPath(`${path}/v.qcow2`)).name).toBe('v.qcow2');
  expect((await qemu.volumeByKey(volume.key)).name).toBe('v.qcow2');
  await volume.resize(16 * MIB);
  await volume.resize(4 * MIB, { delta: true });
  expect(await volume.info()).toMatchObject({ type: 'file', capacityBytes: 20 * MIB });
  expect((await volume.info({ physical: true })).allocationBytes).toBeLessThan(MIB);
  const raw = await pool.createVolume(
    `<volume><name>raw</name><capacity unit='MiB'>20</capacity></volume>`,
    { from: volume },
  );
  expect(await virsh('qemu', 'vol-dumpxml', 'raw', 'p')).toContain("type='raw'");
  await pipeline([Buffer.from('secret')], await raw.openUpload());
  await raw.wipe();
  const [first] = (await (await raw.openDownload({ length: 6 })).toArray()) as Buffer[];
  expect([...(first ?? [])]).toEqual([0, 0, 0, 0, 0, 0]);
  expect(await qemu.findPoolSources('dir').catch(isUnsupported)).toBe(true);
  await raw.delete({ zeroed: false });
  await volume.delete();
  await pool.refresh();
  expect(await pool.volumes()).toEqual([]);
  await pool.destroy();
  await pool.delete();
  await pool.undefine();
  await expect(qemu.pool('p')).rejects.toSatisfy(isNotFound);
});

test('256 MiB go up and come back the same', async () => {
  const path = `${daemon.folder}/large`;
  await mkdir(path);
  const pool = await qemu.createPool(
    `<pool type='dir'><name>large</name><target><path>${path}</path></target></pool>`,
  );
  const size = 256 * MIB;
  const volume = await pool.createVolume(
    `<volume><name>v</name><capacity>${size}</capacity></volume>`,
  );
  const sent = createHash('sha256');
  await pipeline(
    function* () {
      for (let i = 0; i < 256; i++) {
        const chunk = Buffer.alloc(MIB, `block ${i} `);
        sent.update(chunk);
        yield chunk;
      }
    },
    await volume.openUpload(),
  );
  const received = createHash('sha256');
  let bytes = 0;
  for await (const chunk of await volume.openDownload()) {
    received.update(chunk as Buffer);
    bytes += (chunk as Buffer).length;
  }
  expect(bytes).toBe(size);
  const sum = sent.digest('hex');
  expect(received.digest('hex')).toBe(sum);
  const { stdout } = await promisify(execFile)('sha256sum', [`${path}/v`]);
  expect(stdout.slice(0, 64)).toBe(sum);
  await volume.delete();
  await pool.destroy();
});
