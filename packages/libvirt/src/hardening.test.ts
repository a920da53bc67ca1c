// What a client of libvirt gets wrong sooner or later, as numbered rules. Most rules are tested beside
// the code they are about, in tests that name them; this file has the rest, and looks that none is
// forgotten.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { daemonError, never, openFake } from '../test/fake-daemon.ts';
import { isNotFound } from './errors.ts';
import { encodePacket, PROGRAM, TYPE } from './frame.ts';
import { qemuProcedures, remoteProcedures } from './procedure-table.ts';
import { readFields, writeFields } from './schema.ts';
import { XdrReader, XdrWriter } from './xdr.ts';

const rules: Readonly<Record<number, string>> = {
  1: 'ask for authentication first, open by name, wait for each step',
  2: 'match replies by serial and program; reject all when the connection ends',
  3: 'at most four calls in the daemon; a timeout keeps its slot',
  4: 'a connection of its own for each stream',
  5: 'no event is lost or delivered twice, whatever the order',
  6: '64-bit values are bigint',
  7: 'chars and bools take four bytes; null is not ""',
  8: 'no NUL goes out; what is not UTF-8 may come in',
  9: 'everything read is bounded',
  10: 'errors by type and status',
  11: 'pings are answered at once',
  12: 'the socket is chosen as libvirt does',
  13: 'a session daemon is started only when asked for',
  14: 'readers have a socket of their own, and are refused changes',
  15: 'TLS: certificates, server name, then one byte',
  16: 'ssh: no word of a URI is taken for more than it is',
  17: 'few connections, and each is closed',
  18: 'what was listed may be gone',
  19: 'no file descriptors',
  20: 'a daemon that does the rare things, in tests',
};

const folder = join(import.meta.dirname, '..');

test.each(Object.entries(rules))('rule %s has a test that names it: %s', (number) => {
  const files = globSync(['src/*.test.ts', 'test/*.test.ts'], { cwd: folder });
  const names = new RegExp(`rules?(?: \\d+ and)? ${number}\\b`);
  const naming = files.filter((file) => names.test(readFileSync(join(folder, file), 'utf8')));
  expect(naming).not.toEqual([]);
});

test('each step of the handshake waits for the one before (rule 1)', async () => {
  let running = 0;
  let most = 0;
  const slowly = (answer: object) => async (): Promise<object> => {
    most = Math.max(most, ++running);
    await delay(2);
    running -= 1;
    return answer;
  };
  const { conn } = await openFake({
    AUTH_LIST: slowly({ types: [0] }),
    CONNECT_SUPPORTS_FEATURE: slowly({ supported: 1 }),
    CONNECT_OPEN: slowly({}),
    CONNECT_REGISTER_CLOSE_CALLBACK: slowly({}),
  });
  expect(most).toBe(1);
  await conn.close();
});

test('a reply of another program is not ours, whatever its serial (rule 2)', async () => {
  const serials: number[] = [];
  const { conn, daemon } = await openFake({
    CONNECT_GET_HOSTNAME: (_, _peer, serial) => {
      serials.push(serial);
      return never();
    },
  });
  const call = conn.hostname();
  await vi.waitFor(() => expect(serials).toHaveLength(1));
  const stray = { procedure: 59, type: TYPE.reply, serial: serials[0] ?? 0, status: 0 };
  for (const program of [PROGRAM.qemu, 0x68000, 0]) {
    daemon.peer.sendRaw(encodePacket({ ...stray, program }, Buffer.alloc(4)));
  }
  daemon.peer.reply('CONNECT_GET_HOSTNAME', serials[0] ?? 0, { hostname: 'h' });
  expect(await call).toBe('h');
});

test('replies and events in any number of pieces are the same (rule 20)', async () => {
  const { conn, daemon } = await openFake({ CONNECT_GET_HOSTNAME: never });
  const call = conn.hostname();
  await vi.waitFor(() => expect(daemon.peer.calls).toContain('CONNECT_GET_HOSTNAME'));
  const writer = new XdrWriter();
  writer.string('split');
  const serial = daemon.peer.calls.length;
  const header = { program: PROGRAM.remote, procedure: 59, type: TYPE.reply, serial, status: 0 };
  for (const byte of encodePacket(header, writer.bytes)) {
    daemon.peer.sendRaw(Buffer.from([byte]));
    await delay(0);
  }
  expect(await call).toBe('split');
});

test('pings are answered also when all slots are taken (rule 11)', async () => {
  const { conn, daemon } = await openFake({ CONNECT_GET_HOSTNAME: never });
  const calls = Array.from({ length: 9 }, () => conn.hostname().catch(() => 'closed'));
  await vi.waitFor(() => expect(daemon.peer.calls.slice(-4)).not.toContain('CONNECT_OPEN'));
  daemon.peer.ping();
  await vi.waitFor(() => expect(daemon.peer.pongs).toBe(1));
  await conn.close();
  expect(await Promise.all(calls)).toEqual(calls.map(() => 'closed'));
});

test('chars and bools take four bytes, and null is not the empty string (rule 7)', () => {
  const writer = new XdrWriter();
  writeFields(writer, 'a:string? b:string?', { a: null, b: '' });
  expect(writer.bytes.toString('hex')).toBe('000000000000000100000000');
  const model = Buffer.alloc(128);
  Buffer.from('i686').forEach((byte, at) => model.writeInt32BE(byte, at * 4));
  expect(readFields(new XdrReader(model), 'model:char32')).toEqual({ model: 'i686' });
});

test.each([42, 43, 49, 50])('code %i after a list means gone (rule 18)', async (code) => {
  const { conn } = await openFake({
    DOMAIN_LOOKUP_BY_NAME: () => {
      throw daemonError(code);
    },
  });
  await expect(conn.domain('x')).rejects.toSatisfy(isNotFound);
});

test('procedures that pass file descriptors are not in the table (rule 19)', () => {
  const numbers = (rows: Readonly<Record<string, string>>): number[] =>
    Object.values(rows).map((row) => Number(row.split(' ')[0]));
  const remote = numbers(remoteProcedures);
  for (const number of [249, 309, 310, 343, 443]) expect(remote).not.toContain(number);
  expect(numbers(qemuProcedures)).not.toContain(7);
});

test('an unknown procedure is an error of its call, not of the connection (rule 10)', async () => {
  const { conn } = await openFake({ CONNECT_GET_HOSTNAME: () => ({ hostname: 'h' }) });
  await expect(conn.uri()).rejects.toMatchObject({ code: 39 });
  expect(await conn.hostname()).toBe('h');
});

test('a reader says so when it opens (rule 14)', async () => {
  const flags: unknown[] = [];
  const { conn } = await openFake(
    { CONNECT_OPEN: (args) => (flags.push(args['flags']), {}) },
    { readOnly: true },
  );
  expect(flags).toEqual([1]);
  await conn.close();
});
