// Two hosts on this one: daemons with names, ids and namespaces of their own, which share the file
// system, so that a unix socket leads from one to the other.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect, type Connection, isNotFound } from '@skerry/libvirt';
import { type Daemon, startDaemon } from './daemon.ts';

const run = promisify(execFile);

let here: Daemon;
let there: Daemon;
let source: Connection;
let target: Connection;

beforeAll(async () => {
  [here, there] = await Promise.all([
    startDaemon({ hostname: 'skerry-a' }),
    startDaemon({ hostname: 'skerry-b' }),
  ]);
  source = await connect(here.uri('qemu:///system'));
  target = await connect(there.uri('qemu:///system'));
});

afterAll(async () => {
  await Promise.all([source?.close(), target?.close()]);
  await Promise.all([here, there].map((daemon) => daemon?.[Symbol.asyncDispose]()));
});

/** It runs its firmware only, and that says so on the serial port. */
function machine(name: string, disk: string): string {
  return `
    <domain type='qemu'>
      <name>${name}</name>
      <memory unit='MiB'>64</memory>
      <os><type arch='x86_64' machine='pc'>hvm</type><bios useserial='yes'/></os>
      <devices>
        <emulator>/usr/bin/qemu-system-x86_64</emulator>
        <disk type='file' device='disk'>
          <driver name='qemu' type='qcow2'/>
          <source file='${disk}'/>
          <target dev='vda' bus='virtio'/>
        </disk>
        <serial type='pty'/>
        <memballoon model='none'/>
      </devices>
    </domain>`;
}

async function image(daemon: Daemon, name: string): Promise<string> {
  const path = `${daemon.folder}/${name}`;
  await run('qemu-img', ['create', '-q', '-f', 'qcow2', path, '32M']);
  return path;
}

/** What libvirt calls a host that it reaches by a unix socket. */
function remote(daemon: Daemon): string {
  return daemon.clientUri('qemu:///system');
}

test('the daemons move a running domain, and its disk, from one to the other', async () => {
  const xml = machine('p2p', await image(here, 'p2p'));
  const domain = await source.defineDomain(xml);
  await domain.start();
  await using events = await source.events({ types: ['job-completed', 'lifecycle'], domain });
  await domain.setMigrationMaxDowntime(200);
  expect(await domain.migrationMaxDowntimeMs()).toBe(200);
  await domain.setMigrationMaxSpeed(500);
  expect(await domain.migrationMaxSpeed()).toBe(500n);

  await domain.migrateTo(remote(there), {
    live: true,
    persist: true,
    undefineSource: true,
    copyDisks: true,
    disks: ['vda'],
    migrationUri: `unix://${there.folder}/memory.sock`,
    disksUri: `unix://${there.folder}/disks.sock`,
    xml: machine('p2p', await image(there, 'p2p')).replace(
      '<name>',
      `<uuid>${domain.uuid}</uuid><name>`,
    ),
    timeoutMs: 60_000,
  });

  const moved = await target.domain('p2p');
  expect(await moved.state()).toMatchObject({ state: 'running', reason: 'migrated' });
  expect(await moved.xml()).toContain(`${there.folder}/p2p`);
  expect(await moved.isPersistent()).toBe(true);
  await expect(domain.state()).rejects.toSatisfy(isNotFound);
  const seen: string[] = [];
  for await (const event of events) {
    if (event.type === 'lifecycle') seen.push(`${event.event} ${event.detail}`);
    else expect(event).toMatchObject({ type: 'job-completed', params: { operation: 5 } });
    if (event.type === 'job-completed') break;
  }
  // Newer libvirts say more.
  expect(seen).toEqual(expect.arrayContaining(['suspended migrated', 'stopped migrated']));
  await moved.destroy();
  await moved.undefine();
});

test('this client leads a domain from one to the other, and it goes on', async () => {
  const xml = machine('led', await image(here, 'led'));
  const domain = await source.createDomain(xml, { paused: true });
  const moved = await domain.migrateWith(target, {
    migrationUri: `unix://${there.folder}/led.sock`,
    unsafe: true,
    timeoutMs: 60_000,
  });
  expect(moved.uuid).toBe(domain.uuid);
  expect(await moved.state()).toMatchObject({ state: 'paused' });
  await expect(domain.state()).rejects.toSatisfy(isNotFound);
  const serial = await moved.openConsole();
  await moved.resume();
  let text = '';
  for await (const chunk of serial) {
    text += String(chunk);
    if (text.includes('SeaBIOS')) break;
  }
  expect(text).toContain('SeaBIOS');
  if (!serial.closed) await once(serial, 'close');
  await moved.destroy();
});

test('a domain that cannot move goes on where it is', async () => {
  const disk = await image(here, 'stay');
  const domain = await source.createDomain(machine('stay', disk));
  const rival = await target.createDomain(machine('stay', await image(there, 'stay')));
  const options = { live: true, unsafe: true, migrationUri: `unix://${there.folder}/no.sock` };
  for (const attempt of [
    () => domain.migrateWith(target, options),
    () => domain.migrateTo(remote(there), options),
  ]) {
    await expect(attempt()).rejects.toMatchObject({ name: 'LibvirtError' });
    expect(await domain.state()).toMatchObject({ state: 'running' });
    expect(await domain.jobStats()).toMatchObject({ type: 'none' });
  }
  const unreachable = { ...options, migrationUri: `unix:///nowhere/no.sock`, name: 'other' };
  await expect(domain.migrateWith(target, unreachable)).rejects.toMatchObject({
    name: 'LibvirtError',
  });
  expect(await domain.state()).toMatchObject({ state: 'running' });
  expect((await target.domains()).map(({ name }) => name)).toEqual(['stay']);
  await domain.destroy();
  await rival.destroy();
});

test('a stopped domain moves as a definition', async () => {
  const domain = await source.defineDomain(machine('cold', await image(here, 'cold')));
  const moved = await domain.migrateWith(target, { offline: true, persist: true, unsafe: true });
  expect(await moved.state()).toMatchObject({ state: 'shutoff' });
  expect((await target.domain('cold')).uuid).toBe(domain.uuid);
  await moved.undefine();
  await domain.undefine();
});
