import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  connect,
  type Connection,
  isAgentUnavailable,
  isAlreadyExists,
  isInvalidState,
} from '@skerry/libvirt';
import { eventKinds } from '../src/event-decoders.ts';
import { type Daemon, startDaemon } from './daemon.ts';

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

/** A machine without a disk: its firmware talks on the serial port, which is all we need. */
const machine = `
<domain type='qemu'>
  <name>bare</name>
  <memory unit='MiB'>64</memory>
  <os><type arch='x86_64' machine='pc'>hvm</type><bios useserial='yes'/></os>
  <features><acpi/></features>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <serial type='pty'/>
    <console type='pty'/>
    <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
    <memballoon model='none'/>
  </devices>
</domain>`;

const network = `
<network>
  <name>lan</name>
  <bridge name='skry0' stp='off' delay='0'/>
  <ip address='10.9.8.1' netmask='255.255.255.0'>
    <dhcp><range start='10.9.8.10' end='10.9.8.20'/></dhcp>
  </ip>
</network>`;

test('a machine runs: console, monitor, devices, metadata, save and restore', async () => {
  const events = await conn.events({ types: ['device-added', 'metadata', 'job-completed'] });
  const domain = await conn.defineDomain(machine);
  await domain.start({ paused: true });
  expect(await domain.state()).toMatchObject({ state: 'paused' });

  await expect(domain.start()).rejects.toSatisfy(isInvalidState);

  const serial = await domain.openConsole();
  await domain.resume();
  let text = '';
  for await (const chunk of serial) {
    text += String(chunk);
    if (text.includes('SeaBIOS')) break;
  }
  expect(text).toContain('SeaBIOS');

  const again = await domain.openConsole({ force: true });
  again.on('data', () => {});
  again.write('\r');
  again.end();
  await once(again, 'close');

  expect(await domain.monitorCommand({ execute: 'query-status' })).toMatchObject({ running: true });
  expect(await domain.humanMonitorCommand('info status')).toContain('running');
  await expect(domain.monitorCommand({ execute: 'no-such-thing' })).rejects.toMatchObject({
    code: 'QEMU_COMMAND_FAILED',
    errorClass: 'CommandNotFound',
  });
  const ping = domain.agentCommand({ execute: 'guest-ping' }, { timeoutMs: 10_000 });
  await expect(ping).rejects.toSatisfy(isAgentUnavailable);
  expect(await domain.messages()).toContain('tainted: custom monitor control commands issued');

  await domain.attachDevice(`<controller type='scsi' model='virtio-scsi'/>`, { affect: 'live' });
  await domain.setMetadata({ uri: 'urn:lab' }, '<lab/>', { key: 'lab', affect: 'both' });
  await domain.save(`${daemon.folder}/saved`);
  await conn.restoreDomain(`${daemon.folder}/saved`);
  expect(await domain.state()).toMatchObject({ state: 'running', reason: 'restored' });
  await domain.managedSave();
  expect(await domain.hasManagedSave()).toBe(true);
  await domain.removeManagedSave();
  await domain.undefine();

  const seen: string[] = [];
  for await (const event of events) {
    seen.push(event.type);
    if (event.type === 'job-completed') break;
  }
  expect(seen).toEqual(['device-added', 'metadata', 'job-completed']);
});

test('a daemon takes a registration for every kind of event that it has', async () => {
  const since = new Map<string, number>([
    ['network-metadata', 9_007],
    ['nic-mac-change', 11_002],
    ['vcpu-removed', 12_004],
    ['channel-lifecycle', 12_004],
  ]);
  const [major = 0, minor = 0] = (await conn.libVersion()).split('.').map(Number);
  const version = major * 1000 + minor;
  const types = eventKinds
    .map(({ type }) => type)
    .filter((type) => (since.get(type) ?? 0) <= version);
  await using events = await conn.events({ types });
  const domain = await conn.createDomain(machine.replace('bare', 'brief'), { paused: true });
  await domain.resume();
  await domain.destroy();
  const seen = new Set<string>();
  for await (const event of events) {
    seen.add(event.type === 'qemu-monitor' ? event.event : event.type);
    if (event.type === 'lifecycle' && event.event === 'stopped') break;
  }
  expect([...seen]).toEqual(expect.arrayContaining(['RESUME', 'lifecycle']));
});

test('the end of a machine ends its console', async () => {
  await using other = await conn.dup();
  const domain = await other.createDomain(machine.replace('bare', 'brief'), { autodestroy: true });
  const serial = await domain.openConsole();
  serial.on('data', () => {});
  await domain.destroy();
  if (!serial.closed) await once(serial, 'close');
  expect(await conn.domains({ active: true })).toEqual([]);
});

test('a machine is gone with the connection that started it, when asked for', async () => {
  const events = await conn.events({ types: ['lifecycle'] });
  const other = await conn.dup();
  await other.createDomain(machine.replace('bare', 'brief'), { autodestroy: true });
  await other.close();
  for await (const event of events) {
    if (event.type === 'lifecycle' && event.event === 'stopped') break;
  }
  expect(await conn.domains()).toEqual([]);
});

test('a network is defined, started, changed and removed', async () => {
  const lan = await conn.defineNetwork(network);
  await lan.start();
  const xml = `<host mac='52:54:00:00:00:01' ip='10.9.8.15'/>`;
  await lan.update({ command: 'add-last', section: 'ip-dhcp-host', xml }, { affect: 'both' });
  expect(await lan.xml({ inactive: true })).toContain('10.9.8.15');
  expect(await lan.leases()).toEqual([]);
  expect(await lan.bridgeName()).toBe('skry0');
  expect((await conn.networks({ active: true })).map((n) => n.name)).toEqual(['lan']);
  expect(await conn.networks({ inactive: true })).toEqual([]);
  await lan.destroy();
  expect(await lan.isActive()).toBe(false);
  await lan.undefine();
});

test('what is uploaded comes back, whole and in part', async () => {
  const pool = await conn.definePool(
    `<pool type='dir'><name>p</name><target><path>${daemon.folder}/pool</path></target></pool>`,
  );
  await pool.build();
  await pool.start();
  const data = randomBytes(16 * 1024 * 1024);
  const xml = `<volume><name>v</name><capacity>${data.length}</capacity></volume>`;
  const volume = await pool.createVolume(xml);
  await expect(pool.createVolume(xml)).rejects.toSatisfy(isAlreadyExists);
  await pipeline(Readable.from([data]), await volume.openUpload());
  const whole = Buffer.concat((await (await volume.openDownload()).toArray()) as Buffer[]);
  expect(whole.equals(data)).toBe(true);
  const part = await volume.openDownload({ offset: 1000, length: 5000 });
  const bytes = Buffer.concat((await part.toArray()) as Buffer[]);
  expect(bytes.equals(data.subarray(1000, 6000))).toBe(true);

  const tooMuch = pipeline(Readable.from([data, data]), await volume.openUpload({ length: 1000 }));
  await expect(tooMuch).rejects.toMatchObject({ code: 38 });
  (await volume.openDownload()).destroy();
  const copy = await pool.createVolume(xml.replace('>v<', '>w<'), { from: volume });
  expect(await copy.path()).toBe(`${daemon.folder}/pool/w`);
  expect((await pool.volumes()).map((v) => v.name).sort()).toEqual(['v', 'w']);
  await copy.delete();
  await volume.delete();
  await pool.destroy();
  await pool.undefine();
});
