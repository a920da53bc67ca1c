// A guest in half a kilobyte: what its keyboard and its serial port get comes out at its screen and its serial port.
import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** 16 bit code for 0x7c00, where the firmware puts a boot sector. */
const CODE = [
  // stack and segments
  'fa 31c0 8ed8 8ed0 bc007c fb',
  // int 14h: COM1 at 9600 8N1
  'b8e300 31d2 cd14',
  // say '>'
  'b03e e82100',
  // loop (17): a key? int 16h gives it, and out (38) says it
  'b401 cd16 7407 b400 cd16 e81400',
  // a byte at COM1? else wait for an interrupt
  'bafd03 ec a801 7503 f4 ebe8',
  // say it, and on to the loop
  'baf803 ec e80200 ebdf',
  // out (38): to the screen by int 10h, then to COM1 when that is free
  '50 b40e bb0700 cd10 bafd03 ec a820 74f8 58 baf803 ee c3',
];

/** Writes it as a qcow2 image. */
export async function writeEchoDisk(path: string): Promise<void> {
  const disk = Buffer.alloc(1024 * 1024);
  disk.set(Buffer.from(CODE.join('').replaceAll(' ', ''), 'hex'));
  disk.writeUInt16LE(0xaa55, 510);
  const raw = `${path}.raw`;
  await writeFile(raw, disk);
  await promisify(execFile)('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', raw, path]);
  await rm(raw);
}
