import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodePacket, type Packet, PacketParser, PROGRAM, STATUS, TYPE } from './frame.ts';

function packet(serial: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const header = { program: PROGRAM.remote, procedure: 7, type: TYPE.reply, serial };
  return encodePacket({ ...header, status: STATUS.ok }, payload);
}

test('writes length, header and payload in network order', () => {
  expect(packet(5, Buffer.from([1, 2, 3, 4])).toString('hex')).toBe(
    '0000002020008086000000010000000700000001000000050000000001020304',
  );
});

test('cuts packets out of chunks of any size', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 50 }), { minLength: 1, maxLength: 5 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
      (payloads, sizes) => {
        const bytes = Buffer.concat(payloads.map((payload, i) => packet(i, payload)));
        const parser = new PacketParser();
        const got: Packet[] = [];
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const size = sizes[i % sizes.length] ?? 1;
          parser.push(bytes.subarray(at, at + size), (p) => got.push(p));
          at += size;
        }
        expect(got.map((p) => [p.serial, [...p.payload]])).toEqual(
          payloads.map((payload, i) => [i, [...payload]]),
        );
      },
    ),
  );
});

test.each([0, 27, 4 + 32 * 1024 * 1024 + 1, 0xffff_ffff])(
  'refuses the length %i (rule 9)',
  (length) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(length);
    expect(() => new PacketParser().push(bytes, () => {})).toThrow(/length/);
  },
);

test('refuses another protocol version', () => {
  const bytes = packet(1);
  bytes.writeUInt32BE(2, 8);
  expect(() => new PacketParser().push(bytes, () => {})).toThrow(/version 2/);
});

test('refuses to send a packet beyond the limit', () => {
  expect(() => packet(1, Buffer.alloc(32 * 1024 * 1024))).toThrow(/limit/);
});

test('takes a large packet in small chunks in linear time (rule 9)', () => {
  const bytes = packet(1, Buffer.alloc(16 * 1024 * 1024, 7));
  const parser = new PacketParser();
  const start = performance.now();
  let size = 0;
  for (let at = 0; at < bytes.length; at += 1024) {
    parser.push(bytes.subarray(at, at + 1024), ({ payload }) => (size = payload.length));
  }
  expect(size).toBe(16 * 1024 * 1024);
  expect(performance.now() - start).toBeLessThan(2000);
});
