// Our table of procedures against a daemon's. Each row is sent twice with its emptiest arguments (no
// text, no items, all zero): whole, and four bytes short. The daemon must know the number, take the
// first and refuse to decode the second, so a field that we lack or have too many is found.
//
// A newer libvirt than the installed one is tried, here and in the other tests of this package, when
// SKERRY_LIBVIRT_ROOT names a folder with it and its QEMU:
//   mmdebstrap --variant=extract trixie ROOT \
//     --include=libvirt-daemon-system,nftables,iproute2,qemu-system-x86,qemu-utils
import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connect } from '@skerry/libvirt';
import { encodePacket, type Packet, PacketParser, PROGRAM, TYPE } from '../src/frame.ts';
import { qemuProcedures, remoteProcedures } from '../src/procedure-table.ts';
import { type Procedure, type ProcedureInfo, procedureInfo } from '../src/procedures.ts';
import { readFields, writeFields } from '../src/schema.ts';
import { structs } from '../src/structs.ts';
import { XdrReader, XdrWriter } from '../src/xdr.ts';
import { type Daemon, startDaemon } from './daemon.ts';

const names = [...Object.keys(remoteProcedures), ...Object.keys(qemuProcedures)] as Procedure[];
/** These end the connection. */
const skipped: readonly string[] = ['CONNECT_CLOSE'] satisfies Procedure[];
const newerRoot = process.env.SKERRY_LIBVIRT_ROOT;

describe.each([
  { what: 'the installed libvirt', root: '', isHere: true },
  {
    what: newerRoot
      ? 'a newer libvirt (SKERRY_LIBVIRT_ROOT)'
      : // A longer name is cut.
        'newer (not run: no SKERRY_LIBVIRT_ROOT)',
    root: newerRoot,
    isHere: newerRoot !== undefined,
  },
])('$what', ({ root, isHere }) => {
  let daemon: Daemon;
  let version: string;

  beforeAll(async () => {
    if (!isHere) return;
    daemon = await startDaemon({ root });
    await using conn = await connect(daemon.uri('test:///default'));
    version = await conn.libVersion();
  });

  afterAll(() => daemon?.[Symbol.asyncDispose]());

  test.skipIf(!isHere)(
    'knows every procedure that is as old as it, with our arguments',
    async () => {
      await using raw = await RawClient.open(daemon.socket);
      const wrong: string[] = [];
      let known = 0;
      for (const name of names) {
        const info = procedureInfo(name);
        if (skipped.includes(name) || compareVersions(info.since, version) > 0) continue;
        known += 1;
        const payload = emptiest(info.args);
        const whole = await raw.call(info, payload);
        if (isRefusedByRpc(whole)) wrong.push(`${name}: ${whole}`);
        if (payload.length === 0) continue;
        const short = await raw.call(info, payload.subarray(0, -4));
        if (!short?.includes('Unable to decode message payload')) {
          wrong.push(`${name} with four bytes less: ${short}`);
        }
      }
      expect(wrong).toEqual([]);
      expect(known).toBeGreaterThan(300);
      console.log(`libvirt ${version}: ${known} of ${names.length} procedures`);
    },
  );

  test.skipIf(!isHere)('keeps metadata of networks from 9.7 on', async () => {
    await using conn = await connect(daemon.uri('test:///default'));
    const network = await conn.network('default');
    const setting = network.setMetadata('title', 'a net', { affect: 'live' });
    if (compareVersions(version, '9.7.0') < 0) {
      await expect(setting).rejects.toMatchObject({ code: 39 });
      return;
    }
    await setting;
    expect(await network.metadata('title')).toBe('a net');
    await using events = await conn.events({ types: ['network-metadata', 'nic-mac-change'] });
    await network.setMetadata('title', null, { affect: 'live' });
    expect((await events.next()).value).toMatchObject({
      type: 'network-metadata',
      network: { name: 'default' },
      kind: 'title',
    });
  });

  test.skipIf(!isHere)('says that it does not know a number beyond its last', async () => {
    await using raw = await RawClient.open(daemon.socket);
    const info = { program: PROGRAM.remote, number: 9999 };
    expect(await raw.call(info, Buffer.alloc(0))).toBe('39 unknown procedure: 9999');
    for (const name of names.filter((n) => compareVersions(procedureInfo(n).since, version) > 0)) {
      const { program, number, args } = procedureInfo(name);
      expect(await raw.call({ program, number }, emptiest(args))).toContain('unknown procedure');
    }
  });
});

/** Speaks frames only: what it sends need not be in the table. */
class RawClient implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #parser = new PacketParser();
  readonly #replies = new Map<number, (packet: Packet) => void>();
  #serial = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#parser.push(chunk, (packet) => {
        if (packet.type === TYPE.reply) this.#replies.get(packet.serial)?.(packet);
      });
    });
  }

  static async open(path: string): Promise<RawClient> {
    const socket = createConnection(path);
    await once(socket, 'connect');
    const client = new RawClient(socket);
    await client.call(procedureInfo('AUTH_LIST'), Buffer.alloc(0));
    const writer = new XdrWriter();
    const { args } = procedureInfo('CONNECT_OPEN');
    writeFields(writer, args, { name: 'test:///default', flags: 0 });
    await client.call(procedureInfo('CONNECT_OPEN'), Buffer.from(writer.bytes));
    return client;
  }

  /** Resolves with the error's code and text, or undefined when the call went well. */
  async call(
    { program, number }: Pick<ProcedureInfo, 'program' | 'number'>,
    payload: Buffer,
  ): Promise<string | undefined> {
    const serial = ++this.#serial;
    const reply = Promise.withResolvers<Packet>();
    this.#replies.set(serial, reply.resolve);
    const deadline = setTimeout(() => reply.reject(new Error(`no answer to ${number}`)), 20_000);
    const header = { program, procedure: number, type: TYPE.call, serial, status: 0 };
    this.#socket.write(encodePacket(header, payload));
    const answer = await reply.promise.finally(() => clearTimeout(deadline));
    if (answer.status === 0) return undefined;
    const { code, message } = readFields(new XdrReader(answer.payload), structs.error);
    return `${code} ${message}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy();
  }
}

function isRefusedByRpc(error: string | undefined): boolean {
  return error !== undefined && /unknown procedure|Unable to decode/.test(error);
}

function emptiest(schema: string): Buffer {
  const writer = new XdrWriter();
  writeFields(writer, schema, emptyFields(schema));
  return Buffer.from(writer.bytes);
}

function emptyFields(schema: string): Record<string, unknown> {
  const words = schema === '' ? [] : schema.split(' ');
  return Object.fromEntries(
    words.map((word) => {
      const [name = '', type = ''] = word.split(':');
      return [name, emptyValue(type)];
    }),
  );
}

function emptyValue(type: string): unknown {
  if (type.endsWith('?')) return null;
  if (type.endsWith('[]')) return [];
  if (type in structs) return emptyFields(structs[type as keyof typeof structs]);
  if (type === 'uuid') return '00000000-0000-0000-0000-000000000000';
  if (type === 'string') return '';
  if (type === 'bytes') return Buffer.alloc(0);
  return type.endsWith('hyper') ? 0n : 0;
}

function compareVersions(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
