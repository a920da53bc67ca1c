import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { labPathsIn, type LabPaths } from '../util/paths.ts';
import { liveFlush, liveReady, watchLive } from './live-control.ts';

let dir: string;
let paths: LabPaths;
let server: Server;

/** One that takes every question and answers none. */
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'skerry-live-'));
  paths = labPathsIn(dir, 'demo-123456');
  server = createServer((client) => client.on('error', () => {}).resume());
  server.listen(paths.syncSocket);
  await once(server, 'listening');
});
afterEach(async () => {
  server.close();
  await rm(dir, { recursive: true, force: true });
});

test('who is not answered says so when the time is up', async () => {
  const { signal } = new AbortController();
  const asked = liveReady(paths, 'one', { timeoutMs: 50, signal });
  await expect(asked).rejects.toMatchObject({ code: 'SYNC_SILENT' });
});

test('who waits or watches ends when told to', async () => {
  const signal = AbortSignal.timeout(50);
  const asked = liveReady(paths, 'one', { timeoutMs: 60_000, signal });
  await expect(asked).rejects.toMatchObject({ name: 'TimeoutError' });
  const flushed = liveFlush(paths, { timeoutMs: 60_000, signal: AbortSignal.timeout(50) });
  await expect(flushed).rejects.toMatchObject({ name: 'TimeoutError' });
  await watchLive(paths, () => {}, AbortSignal.timeout(50));
});

test('who watches sees no error when the process that keeps the trees is killed', async () => {
  const other = labPathsIn(join(dir, 'other'), 'demo-123456');
  // What it has not read by then resets the connection.
  const killed = createServer({ pauseOnConnect: true }, (client) => {
    client.on('error', () => {});
    setTimeout(() => client.destroy(), 50);
  });
  await mkdir(join(dir, 'other'));
  killed.listen(other.syncSocket);
  await once(killed, 'listening');
  await watchLive(other, () => {}, new AbortController().signal);
  killed.close();
});
