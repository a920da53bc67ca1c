import { zstdDecompressSync, gunzipSync } from 'node:zlib';

import { unpackLz4 } from './lz4.ts';

const ELF_MAGIC = Buffer.from('\x7fELF', 'latin1');

const PACKINGS = [
  { magic: Buffer.from([0x02, 0x21, 0x4c, 0x18]), unpack: unpackLz4 },
  {
    magic: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]),
    unpack: (data: Buffer): Buffer => zstdDecompressSync(data),
  },
  { magic: Buffer.from([0x1f, 0x8b, 0x08]), unpack: (data: Buffer): Buffer => gunzipSync(data) },
] as const;

/**
 * Takes the ELF kernel out of a bzImage, or returns undefined when it is packed in a way we do not know (xz, lzma).
 * QEMU starts an ELF kernel through its PVH entry, which spares the guest the unpacking: seconds under emulation.
 */
export function extractVmlinux(bzImage: Buffer): Buffer | undefined {
  const payload = findPayload(bzImage);
  const packing = PACKINGS.find(({ magic }) => payload.subarray(0, magic.length).equals(magic));
  const kernel = packing?.unpack(payload);
  return kernel?.subarray(0, ELF_MAGIC.length).equals(ELF_MAGIC) ? kernel : undefined;
}

/** The x86 boot protocol (2.08 and later) says where the packed kernel lies. */
function findPayload(bzImage: Buffer): Buffer {
  if (bzImage.toString('latin1', 0x202, 0x206) !== 'HdrS') return Buffer.alloc(0);
  const setupSectors = bzImage.readUInt8(0x1f1) || 4;
  const start = (setupSectors + 1) * 512 + bzImage.readUInt32LE(0x248);
  // The last four bytes are the unpacked size, which the compressors' own streams do not have.
  return bzImage.subarray(start, start + bzImage.readUInt32LE(0x24c) - 4);
}
