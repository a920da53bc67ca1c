import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import {
  daemonError,
  type FakeDaemon,
  type Handlers,
  never,
  openFake,
  type Peer,
} from '../test/fake-daemon.ts';
import type { Connection } from './connection.ts';
import { STATUS, TYPE } from './frame.ts';
import { StorageVolume } from './storage-volume.ts';
import type { LibvirtStream } from './stream.ts';

const UPLOAD = 'STORAGE_VOL_UPLOAD';
const DOWNLOAD = 'STORAGE_VOL_DOWNLOAD';

async function open(
  handlers: Handlers,
): Promise<{ conn: Connection; daemon: FakeDaemon; volume: StorageVolume }> {
  const { conn, daemon } = await openFake(handlers);
  return { conn, daemon, volume: new StorageVolume(conn, { pool: 'p', name: 'v', key: 'k' }) };
}

/** Sends the chunks as a daemon does: data, an empty packet, and `ok` when the client said so. */
function sends(...chunks: Uint8Array[]): (args: unknown, peer: Peer, serial: number) => object {
  return (_, peer, serial) => {
    setImmediate(() => {
      for (const chunk of chunks) peer.stream(DOWNLOAD, serial, STATUS.continue, chunk);
      peer.stream(DOWNLOAD, serial, STATUS.continue);
    });
    peer.onStream = (packet) => {
      if (packet.status !== STATUS.continue) peer.stream(DOWNLOAD, serial, STATUS.ok);
    };
    return {};
  };
}

async function closed(stream: LibvirtStream): Promise<void> {
  if (!stream.closed) await new Promise((resolve) => stream.once('close', resolve));
}

test('a download has a connection of its own, which closes when all is confirmed (rules 4 and 17)', async () => {
  const { volume, daemon } = await open({ [DOWNLOAD]: sends(Buffer.from('ab'), Buffer.from('c')) });
  const stream = await volume.openDownload();
  expect(Buffer.concat((await stream.toArray()) as Buffer[]).toString()).toBe('abc');
  const peer = daemon.peers[1];
  expect(peer?.streamPackets.map((p) => p.status)).toEqual([STATUS.ok]);
  await vi.waitFor(() => expect(peer?.calls.at(-1)).toBe('CONNECT_CLOSE'));
  expect(peer?.calls).not.toContain('CONNECT_SUPPORTS_FEATURE');
});

test('a slow reader stops the socket, and gets everything', async () => {
  const chunks = Array.from({ length: 64 }, (_, i) => Buffer.alloc(65_536, i));
  const { volume } = await open({ [DOWNLOAD]: sends(...chunks) });
  const stream = await volume.openDownload();
  await delay(20);
  expect(stream.readableLength).toBeLessThan(2 * 1024 * 1024);
  let size = 0;
  for await (const chunk of stream) size += (chunk as Buffer).length;
  expect(size).toBe(64 * 65_536);
});

test('an upload is cut to what a packet may hold and waits for the confirmation', async () => {
  let confirm = (): void => {};
  const { volume, daemon } = await open({
    [UPLOAD]: (_, peer, serial) => {
      peer.onStream = ({ status }) => {
        if (status === STATUS.ok) confirm = () => peer.stream(UPLOAD, serial, STATUS.ok);
      };
      return {};
    },
  });
  let isDone = false;
  const upload = (async () => {
    await pipeline(Readable.from([Buffer.alloc(600_000, 1)]), await volume.openUpload());
    isDone = true;
  })();
  await vi.waitFor(() => expect(daemon.peers[1]?.streamPackets.at(-1)?.status).toBe(STATUS.ok));
  const sizes = daemon.peers[1]?.streamPackets.map((p) => p.payload.length);
  expect(sizes).toEqual([262_120, 262_120, 75_760, 0]);
  expect(isDone).toBe(false);
  confirm();
  await upload;
});

test('an error ends the stream, and the confirmation that follows it is ignored (rule 10)', async () => {
  const { volume } = await open({
    [UPLOAD]: (_, peer, serial) => {
      peer.onStream = () => {
        peer.onStream = () => {};
        peer.refuse(UPLOAD, serial, daemonError(38, 'No space left'), 3);
        peer.stream(UPLOAD, serial, STATUS.ok);
      };
      return {};
    },
  });
  const data = Readable.from(Array.from({ length: 50 }, () => Buffer.alloc(100_000)));
  const upload = pipeline(data, await volume.openUpload());
  await expect(upload).rejects.toMatchObject({ code: 38, procedure: UPLOAD });
});

test('destroying a stream aborts it in the daemon', async () => {
  const { volume, daemon } = await open({ [DOWNLOAD]: () => ({}) });
  const stream = await volume.openDownload();
  stream.destroy();
  await closed(stream);
  await vi.waitFor(() => {
    expect(daemon.peers[1]?.streamPackets.map((p) => p.status)).toEqual([STATUS.error]);
  });
});

test('a refused stream is the error of its call, and nothing is left open', async () => {
  const { volume, daemon } = await open({
    [DOWNLOAD]: () => {
      throw daemonError(50);
    },
  });
  await expect(volume.openDownload()).rejects.toMatchObject({ code: 50 });
  await vi.waitFor(() => expect(daemon.peers[1]?.calls.at(-1)).toBe('CONNECT_CLOSE'));
  expect(daemon.peers[1]?.streamPackets).toEqual([]);
});

test('a stream whose caller gave up is aborted when it opens after all', async () => {
  const { volume, daemon } = await open({ [DOWNLOAD]: never });
  const opening = volume.openDownload({ timeoutMs: 20 });
  await expect(opening).rejects.toMatchObject({ code: 'CALL_TIMEOUT' });
  await vi.waitFor(() => expect(daemon.peers[1]?.calls.at(-1)).toBe('CONNECT_CLOSE'));
});

test('a lost connection is an error of the stream', async () => {
  const { volume, daemon } = await open({ [DOWNLOAD]: () => ({}) });
  const stream = await volume.openDownload();
  const error = new Promise((resolve) => stream.once('error', resolve));
  daemon.peers[1]?.end();
  expect(await error).toMatchObject({ code: 'CONNECTION_CLOSED' });
});

test('closing the connection ends its streams quietly', async () => {
  const { conn, volume, daemon } = await open({ [DOWNLOAD]: () => ({}) });
  const stream = await volume.openDownload();
  await conn.close();
  expect(stream.destroyed).toBe(true);
  await vi.waitFor(() => expect(daemon.peers[1]?.calls.at(-1)).toBe('CONNECT_CLOSE'));
});

test('a stream procedure cannot be called as if it were none', async () => {
  const { conn } = await open({});
  const args = {
    domain: { name: 'a', uuid: '00000000-0000-0000-0000-000000000001', id: 1 },
    screen: 0,
  };
  await expect(conn.call('DOMAIN_SCREENSHOT', args)).rejects.toThrow(/opens a stream/);
});

describe('a sparse stream', () => {
  test('gives holes as they are', async () => {
    const flags: unknown[] = [];
    const { volume } = await open({
      [DOWNLOAD]: (args, peer, serial) => {
        flags.push(args['flags']);
        setImmediate(() => {
          peer.stream(DOWNLOAD, serial, STATUS.continue, Buffer.from('ab'));
          peer.hole(DOWNLOAD, serial, 2n ** 40n);
          peer.hole(DOWNLOAD, serial, 0n);
          peer.stream(DOWNLOAD, serial, STATUS.continue);
        });
        peer.onStream = () => peer.stream(DOWNLOAD, serial, STATUS.ok);
        return {};
      },
    });
    const stream = await volume.openDownload({ sparse: true });
    expect(await stream.toArray()).toEqual([Buffer.from('ab'), { holeBytes: 2 ** 40 }]);
    expect(flags).toEqual([1]);
  });

  test('takes them, in order', async () => {
    const { volume, daemon } = await open({
      [UPLOAD]: (_, peer, serial) => {
        peer.onStream = ({ status }) => {
          if (status === STATUS.ok) peer.stream(UPLOAD, serial, STATUS.ok);
        };
        return {};
      },
    });
    const chunks = [{ holeBytes: 5 }, Buffer.from('x'), { holeBytes: 2 ** 33 }];
    await pipeline(Readable.from(chunks), await volume.openUpload({ sparse: true }));
    const packets = daemon.peers[1]?.streamPackets ?? [];
    expect(packets.map(({ type, payload }) => [type, payload.toString('hex')])).toEqual([
      [TYPE.streamHole, '000000000000000500000000'],
      [TYPE.stream, '78'],
      [TYPE.streamHole, '000000020000000000000000'],
      [TYPE.stream, ''],
    ]);
  });

  test.each([{ holeBytes: -1 }, { holeBytes: 0.5 }, {}, 'text'])('refuses %j', async (chunk) => {
    const { volume } = await open({ [UPLOAD]: () => ({}) });
    const stream = await volume.openUpload({ sparse: true });
    await expect(pipeline(Readable.from([chunk]), stream)).rejects.toMatchObject({
      code: 'PROTOCOL',
    });
  });

  test.each([
    ['one that was not asked for', false, 5n],
    ['one of less than nothing', true, -1n],
    ['one beyond what a number holds', true, 2n ** 60n],
  ])('ends when the daemon sends %s', async (_, sparse, size) => {
    const { volume } = await open({
      [DOWNLOAD]: (_args, peer, serial) => {
        setImmediate(() => peer.hole(DOWNLOAD, serial, size));
        return {};
      },
    });
    const stream = await volume.openDownload({ sparse });
    await expect(stream.toArray()).rejects.toMatchObject({ code: 'PROTOCOL' });
  });
});
