// The head of libvirt's save images (struct virQEMUSaveHeader, since libvirt 0.9.0): 92 bytes, then the domain's XML
// with a NUL, then QEMU's stream. Integers have the byte order of the host that wrote it.
import { endianness } from 'node:os';

const MAGIC = Buffer.from('LibvirtQemudSave', 'latin1');
export const HEAD_BYTES = 92;
const VERSION = 2;
const MAX_XML_BYTES = 16 * 2 ** 20;
const LITTLE = endianness() === 'LE';

export interface SaveImageHead {
  /** Of the XML and whatever else comes before QEMU's stream. */
  readonly xmlBytes: number;
  readonly wasRunning: boolean;
}

/** Builds what comes before QEMU's stream, for virDomainRestoreFlags. Pure. */
export function formatSaveHead(xml: string, wasRunning: boolean): Buffer {
  const text = Buffer.from(`${xml}\0`, 'utf8');
  const head = Buffer.alloc(HEAD_BYTES);
  MAGIC.copy(head);
  const words = [VERSION, text.length, Number(wasRunning)];
  for (const [at, word] of words.entries()) writeWord(head, word, MAGIC.length + 4 * at);
  return Buffer.concat([head, text]);
}

/** Reads the first 92 bytes. Undefined when they are not those of a whole, unpacked save image. Pure. */
export function parseSaveHead(head: Buffer): SaveImageHead | undefined {
  // While libvirt still writes, the magic word is "LibvirtQemudPart".
  if (head.length < HEAD_BYTES || !head.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  const word = (at: number): number =>
    LITTLE ? head.readUInt32LE(MAGIC.length + 4 * at) : head.readUInt32BE(MAGIC.length + 4 * at);
  const [version, xmlBytes, wasRunning, compressed] = [word(0), word(1), word(2), word(3)];
  if (version !== VERSION || compressed !== 0 || xmlBytes > MAX_XML_BYTES) return undefined;
  return { xmlBytes, wasRunning: wasRunning !== 0 };
}

function writeWord(buffer: Buffer, word: number, at: number): void {
  if (LITTLE) buffer.writeUInt32LE(word, at);
  else buffer.writeUInt32BE(word, at);
}
