import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatSaveHead, HEAD_BYTES, parseSaveHead } from './save-image.ts';

const WORD = 16;

test('the head says how long the XML is, and whether the machine ran', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.boolean(), (xml, wasRunning) => {
      const bytes = formatSaveHead(xml, wasRunning);
      const head = parseSaveHead(bytes.subarray(0, HEAD_BYTES));
      expect(head).toEqual({ xmlBytes: Buffer.byteLength(xml) + 1, wasRunning });
      expect(bytes.subarray(HEAD_BYTES).toString()).toBe(`${xml}\0`);
    }),
  );
});

test('no bytes make it throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(parseSaveHead(Buffer.from(bytes))).toBeUndefined();
    }),
  );
});

test.each<[string, (head: Buffer) => unknown]>([
  ['that libvirt still writes', (head) => head.write('LibvirtQemudPart', 'latin1')],
  ['of a host of the other byte order', (head) => head.subarray(WORD, WORD + 4).reverse()],
  ['of another version', (head) => head.writeUInt8(3, WORD)],
  ['that is packed', (head) => head.writeUInt8(2, WORD + 12)],
  ['with an XML beyond all measure', (head) => head.fill(0x7f, WORD + 4, WORD + 8)],
])('a save image %s is refused', (_, harm) => {
  const head = formatSaveHead('<domain/>', true);
  harm(head);
  expect(parseSaveHead(head)).toBeUndefined();
});

test('a head that is cut off anywhere is refused', () => {
  const head = formatSaveHead('<domain/>', true);
  for (let length = 0; length < HEAD_BYTES; length += 1)
    expect(parseSaveHead(head.subarray(0, length))).toBeUndefined();
});
