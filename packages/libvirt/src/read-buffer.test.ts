import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readBuffer } from './read-buffer.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skerry-read-'));
});

afterAll(() => rm(folder, { recursive: true }));

/** A socket that reads so, and the other end of it. */
async function pair(name: string): Promise<{ near: Socket; far: Socket } & AsyncDisposable> {
  const path = join(folder, name);
  const server = createServer().listen(path);
  await once(server, 'listening');
  const near: Socket = connect({ path, onread: readBuffer(() => near) });
  const [far] = (await once(server, 'connection')) as [Socket];
  const end = async (): Promise<void> => {
    near.destroy();
    far.destroy();
    server.close();
  };
  return { near, far, [Symbol.asyncDispose]: end };
}

/** Bytes that differ from place to place. */
function pattern(size: number): Buffer {
  return Buffer.from(Uint32Array.from({ length: size / 4 }, (_, at) => at * 2654435761).buffer);
}

test('every chunk stays as it was when more is read', async () => {
  await using sockets = await pair('all');
  const { near, far } = sockets;
  const chunks: Buffer[] = [];
  near.on('data', (chunk: Buffer) => chunks.push(chunk));
  const small = pattern(1024);
  far.write(small);
  await once(near, 'data');
  const large = pattern(4 * 2 ** 20);
  far.end(large);
  await once(near, 'end');
  expect(Buffer.concat(chunks).equals(Buffer.concat([small, large]))).toBe(true);
});

test('what comes before anyone listens is kept, in order', async () => {
  await using sockets = await pair('early');
  const { near, far } = sockets;
  far.write('one ');
  await delay(50);
  far.write('two ');
  await delay(50);
  let text = '';
  near.on('data', (chunk: Buffer) => (text += String(chunk)));
  far.end('three');
  await once(near, 'end');
  expect(text).toBe('one two three');
});

test('a socket that is paused is not read', async () => {
  await using sockets = await pair('paused');
  const { near, far } = sockets;
  let got = 0;
  near.on('data', (chunk: Buffer) => (got += chunk.length));
  near.pause();
  const size = 8 * 2 ** 20;
  far.end(Buffer.alloc(size));
  await delay(100);
  expect(got).toBeLessThan(2 ** 20);
  near.resume();
  await once(near, 'end');
  expect(got).toBe(size);
});
