// Whatever a daemon sends, the decoder ends soon with a value or a ProtocolError. Recorded packets are
// changed at random: 3,000 times here, a million times in the campaign. SKERRY_SEED repeats a run.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import frames from '../test/fixtures/frames.json' with { type: 'json' };
import { FakeDaemon } from '../test/fake-daemon.ts';
import { connect } from './connect.ts';
import { ProtocolError } from './errors.ts';
import { eventKinds } from './event-decoders.ts';
import { type Packet, PacketParser, STATUS, TYPE } from './frame.ts';
import { qemuProcedures, remoteProcedures } from './procedure-table.ts';
import { type Procedure, procedureInfo } from './procedures.ts';
import { readFields } from './schema.ts';
import { structs } from './structs.ts';
import { XdrReader } from './xdr.ts';

const isCampaign = process.env['SKERRY_CAMPAIGN'] !== undefined;
const seed = Number(process.env['SKERRY_SEED'] ?? 1);
const recorded = frames.map((hex) => Buffer.from(hex, 'hex'));
const infos = [...Object.keys(remoteProcedures), ...Object.keys(qemuProcedures)].map((name) =>
  procedureInfo(name as Procedure),
);
const resultOf = new Map(
  infos.map(({ program, number, result }) => [`${program} ${number}`, result]),
);

/** As the client does: the packet's own header says what it is taken for. */
function decode({ program, procedure, type, status, payload }: Packet): unknown {
  if (type === TYPE.message) {
    return eventKinds.find(({ message }) => message === procedure)?.decode(payload);
  }
  const schema = status === STATUS.error ? structs.error : resultOf.get(`${program} ${procedure}`);
  return schema === undefined ? undefined : readFields(new XdrReader(payload), schema);
}

/** Feeds bytes in two chunks; every packet is decoded. Returns how many there were. */
function digest(bytes: Buffer, cut: number): number {
  const parser = new PacketParser();
  let packets = 0;
  try {
    for (const chunk of [bytes.subarray(0, cut), bytes.subarray(cut)]) {
      parser.push(chunk, (packet) => {
        packets += 1;
        try {
          decode(packet);
        } catch (error) {
          if (!(error instanceof ProtocolError)) throw error;
        }
      });
    }
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
  }
  return packets;
}

/** A small generator of random numbers (xorshift), so that a seed repeats the run. */
function randomNumbers(start: number): (below: number) => number {
  let state = start | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const telling = [0, 1, 2, 3, 4, 0x7f, 0x80, 0xff];

/** Changes a copy: bytes, 32-bit words, the length, or a piece cut out or sent twice. */
function mutate(original: Buffer, random: (below: number) => number): Buffer {
  let bytes: Buffer = Buffer.from(original);
  for (let times = 1 + random(4); times > 0; times--) {
    const at = random(bytes.length);
    const kind = random(6);
    if (kind === 0) bytes[at] = random(256);
    else if (kind === 1) bytes[at] = telling[random(telling.length)] ?? 0;
    else if (kind === 2) bytes.fill(random(2) * 0xff, at, Math.min(at + 4, bytes.length));
    else if (kind === 3) bytes.writeUInt32BE(random(bytes.length * 2), 0);
    else if (kind === 4 && bytes.length > 8) bytes = bytes.subarray(0, Math.max(8, at));
    else bytes = Buffer.concat([bytes, bytes.subarray(at)]);
  }
  return bytes;
}

test('what was recorded decodes as it is', () => {
  for (const bytes of recorded) expect(digest(bytes, 5)).toBe(1);
  expect(recorded.length).toBeGreaterThan(20);
});

test('recorded packets with random changes end in values or protocol errors (rule 9)', () => {
  const runs = isCampaign ? 1_000_000 : 3000;
  const random = randomNumbers(seed);
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  let packets = 0;
  for (let run = 0; run < runs; run++) {
    const bytes = mutate(recorded[run % recorded.length] ?? Buffer.alloc(0), random);
    packets += digest(bytes, random(bytes.length + 1));
  }
  expect(packets).toBeGreaterThan(runs / 4);
  // Packets claim up to 32 MiB; believing them a million times would be seen.
  expect(process.memoryUsage().rss - before).toBeLessThan(400 * 2 ** 20);
});

test('any bytes at all end in packets or protocol errors', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(200), (bytes, cut) => {
      digest(Buffer.from(bytes), Math.min(cut, bytes.length));
    }),
    { seed, numRuns: isCampaign ? 200_000 : 500 },
  );
});

test('a connection that gets such packets ends, or goes on; no call hangs, nothing is thrown', async () => {
  const random = randomNumbers(seed);
  for (let run = 0; run < (isCampaign ? 5000 : 100); run++) {
    const daemon = new FakeDaemon({ CONNECT_GET_HOSTNAME: () => ({ hostname: 'h' }) });
    const conn = await connect('test:///default', { dial: daemon.dial });
    const call = conn.hostname({ timeoutMs: 1000 }).catch((error: Error) => error);
    for (let i = 0; i < 4; i++) {
      daemon.peer.sendRaw(mutate(recorded[random(recorded.length)] ?? Buffer.alloc(0), random));
    }
    daemon.peer.end();
    expect(await call).not.toMatchObject({ code: 'CALL_TIMEOUT' });
    await conn.closed;
  }
});

test('a packet of 32 MiB that never comes takes no memory (rule 9)', () => {
  const parsers = Array.from({ length: 100 }, () => new PacketParser());
  const head = Buffer.alloc(28);
  head.writeUInt32BE(4 + 32 * 2 ** 20);
  head.writeUInt32BE(1, 8);
  head.writeInt32BE(TYPE.reply, 16);
  const before = process.memoryUsage().arrayBuffers;
  for (const parser of parsers) parser.push(Buffer.concat([head, Buffer.alloc(1000)]), () => {});
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10 * 2 ** 20);
  expect(parsers).toHaveLength(100);
});

test('a socket that ends in the middle of a packet ends the connection', async () => {
  const daemon = new FakeDaemon();
  const conn = await connect('test:///default', { dial: daemon.dial });
  daemon.peer.sendRaw(recorded[0]?.subarray(0, 20) ?? Buffer.alloc(0));
  daemon.peer.end();
  expect(await conn.closed).toMatchObject({ intended: false });
});
