import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { IN_HEADER, OP } from './fuse-wire.ts';
import { ShareServer } from './share-server.ts';

const { ENOENT, ESTALE, ELOOP, EINVAL, ENOSYS, EEXIST } = constants.errno;
let top: string;
let root: string;
let server: ShareServer;

beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), 'skerry-share-'));
  root = join(top, 'shared');
  await mkdir(root);
  await writeFile(join(root, 'file'), 'content');
  await writeFile(join(top, 'secret'), 'not shared');
  server = new ShareServer(root, { uid: 33, gid: 34 });
});
afterEach(async () => {
  server.close();
  await rm(top, { recursive: true });
});

interface Answer {
  readonly error: number;
  readonly body: Buffer;
}

function request(opcode: number, node: bigint, ...parts: readonly (Buffer | string)[]): Buffer {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part as string, 'latin1')));
  const head = Buffer.alloc(IN_HEADER);
  head.writeUInt32LE(IN_HEADER + body.length, 0);
  head.writeUInt32LE(opcode, 4);
  head.writeBigUInt64LE(7n, 8);
  head.writeBigUInt64LE(node, 16);
  return Buffer.concat([head, body]);
}

function parse(answer: Buffer): Answer {
  expect(answer.readUInt32LE(0)).toBe(answer.length);
  expect(answer.readBigUInt64LE(8)).toBe(7n);
  return { error: Math.abs(answer.readInt32LE(4)), body: answer.subarray(16) };
}

function ask(opcode: number, node: bigint, ...parts: readonly (Buffer | string)[]): Answer {
  const answers = server.take(request(opcode, node, ...parts));
  expect(answers).toHaveLength(1);
  return parse(answers[0] as Buffer);
}

const numbers = (...values: readonly number[]): Buffer => {
  const out = Buffer.alloc(values.length * 4);
  for (const [at, value] of values.entries()) out.writeUInt32LE(value, at * 4);
  return out;
};
const long = (value: bigint): Buffer => {
  const out = Buffer.alloc(8);
  out.writeBigUInt64LE(value);
  return out;
};
const reading = (offset = 0, size = 4096): Buffer =>
  Buffer.concat([long(0n), long(BigInt(offset)), numbers(size, 0, 0, 0, 0, 0)]);
const writing = reading;
const lookup = (node: bigint, name: string): bigint =>
  ask(OP.lookup, node, `${name}\0`).body.readBigUInt64LE(0);

test('a file is found, is the owner’s, and is read in pieces of any size', () => {
  const node = lookup(1n, 'file');
  const { body } = ask(OP.getattr, node, Buffer.alloc(16));
  expect([body.readUInt32LE(16 + 68), body.readUInt32LE(16 + 72)]).toEqual([33, 34]);
  expect(body.readBigUInt64LE(16 + 8)).toBe(7n);
  const wire = request(OP.read, node, reading(2, 3));
  const answers = [...wire].flatMap((byte) => server.take(Buffer.from([byte])));
  expect(answers.map((answer) => parse(answer).body.toString())).toEqual(['nte']);
});

test('what is made has the mode it was asked for, without set-uid', async () => {
  ask(OP.mknod, 1n, numbers(0o104777, 0, 0o022, 0), 'made\0');
  ask(OP.mkdir, 1n, numbers(0o777, 0o022), 'folder\0');
  const modes = await Promise.all(['made', 'folder'].map((name) => lstat(join(root, name))));
  expect(modes.map(({ mode }) => mode & 0o7777)).toEqual([0o755, 0o755]);
  expect(ask(OP.mkdir, 1n, numbers(0o777, 0), 'folder\0').error).toBe(EEXIST);
  const node = lookup(1n, 'made');
  expect(ask(OP.write, node, writing(3), 'abc').body.readUInt32LE(0)).toBe(3);
  expect(await readFile(join(root, 'made'), 'latin1')).toBe('\0\0\0abc');
});

test('names that are no UTF-8 are kept byte by byte', async () => {
  ask(OP.mknod, 1n, numbers(0o100644, 0, 0, 0), 'a\xff\n\0');
  const { body } = ask(OP.readdir, 1n, reading());
  expect(body.toString('latin1')).toContain('a\xff\n');
  expect((await lstat(Buffer.from(`${root}/a\xff\n`, 'latin1'))).isFile()).toBe(true);
});

test('a list goes on where it was cut off, and names each file once', async () => {
  for (let at = 0; at < 50; at++) await writeFile(join(root, `n${at}`), '');
  const names: string[] = [];
  for (let offset = 0; ;) {
    const { body } = ask(OP.readdirplus, 1n, reading(offset, 1000));
    if (body.length === 0) break;
    expect(body.length).toBeLessThanOrEqual(1000);
    for (let at = 0; at < body.length;) {
      const length = body.readUInt32LE(at + 128 + 16);
      names.push(body.toString('latin1', at + 128 + 24, at + 128 + 24 + length));
      offset = Number(body.readBigUInt64LE(at + 128 + 8));
      at += 128 + Math.ceil((24 + length) / 8) * 8;
    }
  }
  expect(names.sort()).toEqual(
    ['.', '..', 'file', ...Array.from({ length: 50 }, (_, at) => `n${at}`)].sort(),
  );
});

test('another server knows the same numbers, also of what was renamed here meanwhile', async () => {
  await mkdir(join(root, 'folder'));
  const [folder, file] = [lookup(1n, 'folder'), lookup(1n, 'file')];
  await rename(join(root, 'file'), join(root, 'folder', 'moved'));
  server = new ShareServer(root, { uid: 0, gid: 0 });
  expect(ask(OP.read, file, reading()).body.toString()).toBe('content');
  expect(lookup(folder, 'moved')).toBe(file);
  await rm(join(root, 'folder', 'moved'));
  expect(ask(OP.read, file, reading()).error).toBe(ESTALE);
});

test('a file that was removed is still there for who has it open, until that forgets it', () => {
  const node = lookup(1n, 'file');
  expect(ask(OP.unlink, 1n, 'file\0').error).toBe(0);
  expect(ask(OP.lookup, 1n, 'file\0').error).toBe(ENOENT);
  expect(ask(OP.read, node, reading()).body.toString()).toBe('content');
  expect(server.take(request(OP.forget, node, long(1n)))).toEqual([]);
  expect(ask(OP.read, node, reading()).error).toBe(ESTALE);
});

test('nothing leads out of the folder: no name, and no link where a folder was', async () => {
  for (const name of ['..', '.', '', '../secret', 'a/b'])
    expect(ask(OP.lookup, 1n, `${name}\0`).error).toBe(EINVAL);
  await mkdir(join(root, 'folder'));
  await writeFile(join(root, 'folder', 'secret'), 'own');
  const folder = lookup(1n, 'folder');
  const secret = lookup(folder, 'secret');
  await rename(join(root, 'folder'), join(root, 'away'));
  await symlink('..', join(root, 'folder'));
  // The folder is found under its other name.
  expect(ask(OP.read, secret, reading()).body.toString()).toBe('own');
  expect(lookup(folder, 'secret')).toBe(secret);
  const link = lookup(1n, 'folder');
  expect([constants.errno.ENOTDIR, ELOOP]).toContain(ask(OP.lookup, link, 'secret\0').error);
  await symlink(join(top, 'secret'), join(root, 'link'));
  expect(ask(OP.read, lookup(1n, 'link'), reading()).error).not.toBe(0);
  expect(ask(OP.readlink, lookup(1n, 'link')).body.toString()).toBe(join(top, 'secret'));
});

test('mode, length and date are set; whose it is stays', async () => {
  const node = lookup(1n, 'file');
  const set = Buffer.alloc(88);
  set.writeUInt32LE(1 | 2 | 4 | 8 | 32, 0);
  set.writeBigUInt64LE(3n, 16);
  set.writeBigUInt64LE(1_000_000n, 40);
  set.writeUInt32LE(0o6600, 68);
  set.writeUInt32LE(1234, 76);
  expect(ask(OP.setattr, node, set).error).toBe(0);
  const { mode, size, mtimeMs, uid } = await lstat(join(root, 'file'));
  expect([mode & 0o7777, size, mtimeMs, uid]).toEqual([0o600, 3, 1e9, process.getuid?.()]);
});

test('a rename over another file replaces it', async () => {
  await writeFile(join(root, 'new'), 'fresh');
  expect(ask(OP.rename, 1n, long(1n), 'new\0file\0').error).toBe(0);
  expect(await readFile(join(root, 'file'), 'utf8')).toBe('fresh');
});

test('what is not offered is refused, and pipes are not opened', async () => {
  expect(ask(14, 1n, numbers(0, 0)).error).toBe(ENOSYS);
  expect(ask(OP.mknod, 1n, numbers(0o010644, 0, 0, 0), 'pipe\0').error).toBe(constants.errno.EPERM);
  await chmod(join(root, 'file'), 0o400);
  expect(ask(OP.readdir, lookup(1n, 'file'), reading()).error).toBe(constants.errno.ENOTDIR);
});
