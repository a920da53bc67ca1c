// Records what a real daemon sends, for the fuzz tests: run it as root with
//   node --conditions=@skerry/source packages/libvirt/test/record-frames.ts
// It writes fixtures/frames.json: whole packets, as hex.
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { connect } from '@skerry/libvirt';
import { encodePacket, PacketParser } from '../src/frame.ts';
import { startDaemon } from './daemon.ts';

const LARGEST = 3000;
const frames = new Map<string, string>();

function record(socket: Duplex): void {
  const parser = new PacketParser();
  socket.on('data', (chunk: Buffer) => {
    parser.push(chunk, ({ payload, ...header }) => {
      const hex = encodePacket(header, payload).toString('hex');
      const key = `${header.procedure} ${header.type} ${header.status}`;
      if (payload.length <= LARGEST && !frames.has(key)) frames.set(key, hex);
    });
  });
}

await using daemon = await startDaemon();
const dial = async (): Promise<Duplex> => {
  const socket = createConnection(daemon.socket);
  await once(socket, 'connect');
  record(socket);
  return socket;
};
await using conn = await connect('test:///default', { dial });
await using events = await conn.events();
const domain = await conn.domain('test');
await domain.suspend();
await domain.resume();
await events.next();
await conn.domains();
await domain.info();
await domain.state();
await domain.xml();
await domain.interfaceAddresses('lease').catch(() => {});
await domain.screenshot();
await conn.domainStats();
await conn.nodeInfo();
await conn.hostname();
await conn.libVersion();
await conn.networks();
const [pool] = await conn.pools();
await pool?.info();
await pool?.createVolume('<volume><name>v</name><capacity>4096</capacity></volume>');
await pool?.volumes();
await conn.domain('none').catch(() => {});
await conn.call('CONNECT_LIST_ALL_SECRETS', { needResults: 1 }).catch(() => {});
const file = join(import.meta.dirname, 'fixtures', 'frames.json');
await writeFile(file, `${JSON.stringify([...frames.values()], undefined, 2)}\n`);
console.log(`${frames.size} frames`);
