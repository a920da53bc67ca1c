import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { open, readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect, type Connection, readSparse, writeSparse } from '@skerry/libvirt';
import { type Daemon, startDaemon } from './daemon.ts';

const MIB = 2 ** 20;
let daemon: Daemon;
let conn: Connection;

beforeAll(async () => {
  daemon = await startDaemon();
  conn = await connect(daemon.uri('qemu:///system'));
});
afterAll(async () => {
  await conn?.close();
  await daemon?.[Symbol.asyncDispose]();
});

test('a sparse volume keeps its holes, up and down', async () => {
  const pool = await conn.createPool(
    `<pool type='dir'><name>p</name><target><path>${daemon.folder}</path></target></pool>`,
  );
  const capacity = 64 * MIB;
  const volume = await pool.createVolume(
    `<volume><name>v</name><capacity>${capacity}</capacity><allocation>0</allocation></volume>`,
  );
  const [source, copy] = [`${daemon.folder}/source`, `${daemon.folder}/copy`];
  {
    await using file = await open(source, 'w');
    await file.truncate(capacity);
    await file.write(randomBytes(MIB), 0, MIB, 0);
    await file.write(randomBytes(MIB), 0, MIB, 40 * MIB);
  }
  await pipeline(readSparse(source), await volume.openUpload({ sparse: true }));
  expect((await volume.info()).allocationBytes).toBeLessThan(3 * MIB);
  await pipeline(await volume.openDownload({ sparse: true }), writeSparse(copy));
  expect((await stat(copy)).blocks * 512).toBeLessThan(3 * MIB);
  expect(await digest(copy)).toBe(await digest(source));

  // Without the flag the same volume comes as bytes only.
  const plain = createHash('sha256');
  await pipeline(await volume.openDownload(), plain);
  expect(plain.digest('hex')).toBe(await digest(source));
  await pool.destroy();
});

test('a channel carries bytes both ways, as a web stream too', async () => {
  // QEMU and libvirt are both clients of this socket; nothing but an echo is behind it.
  const path = `${daemon.folder}/channel`;
  const echo = createServer((socket) => socket.pipe(socket)).listen(path);
  await once(echo, 'listening');
  await using domain = await conn
    .createDomain(
      `
    <domain type='qemu'>
      <name>bare</name>
      <memory unit='MiB'>64</memory>
      <os><type arch='x86_64' machine='pc'>hvm</type></os>
      <devices>
        <emulator>/usr/bin/qemu-system-x86_64</emulator>
        <channel type='unix'>
          <source mode='connect' path='${path}'/>
          <target type='virtio' name='org.example.echo'/>
        </channel>
        <memballoon model='none'/>
      </devices>
    </domain>`,
      { paused: true },
    )
    .then((made) =>
      Object.assign(made, {
        [Symbol.asyncDispose]: async () => made.destroy(),
      }),
    );
  const data = randomBytes(3 * MIB);
  const channel = await domain.openChannel({ name: 'org.example.echo' });
  const got: Buffer[] = [];
  let size = 0;
  channel.on('data', (chunk: Buffer) => {
    got.push(chunk);
    size += chunk.length;
    if (size === data.length) channel.end();
  });
  channel.write(data);
  await once(channel, 'close');
  expect(Buffer.concat(got).equals(data)).toBe(true);

  const web = Duplex.toWeb(await domain.openChannel({ name: 'org.example.echo' }));
  const writer = web.writable.getWriter();
  await writer.write(Buffer.from('hello'));
  const { value } = await web.readable.getReader().read();
  expect(String(Buffer.from(value as Uint8Array))).toBe('hello');
  await writer.close();
  echo.close();
});

async function digest(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}
