import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { LabPaths } from '../util/paths.ts';

const TAIL_BYTES = 4096;

/** Where QEMU writes what a machine says on its serial console, from the last start on. */
export function consoleLogPath(paths: LabPaths, machine: string): string {
  return join(paths.machinesDir, machine, 'console.log');
}

/** The last line a machine wrote on its console, without colours and control characters; empty when there is none. */
export async function consoleTail(paths: LabPaths, machine: string): Promise<string> {
  const file = await open(consoleLogPath(paths, machine)).catch(() => undefined);
  if (!file) return '';
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read({
      buffer: Buffer.alloc(TAIL_BYTES),
      position: Math.max(0, size - TAIL_BYTES),
    });
    return lastLine(buffer.toString('utf8', 0, bytesRead));
  } finally {
    await file.close();
  }
}

/** The last line of `text` that says something. Pure. */
export function lastLine(text: string): string {
  const plain = stripControls(text);
  return (
    plain
      .split(/[\r\n]+/)
      .findLast((line) => line.trim() !== '')
      ?.trim() ?? ''
  );
}

/** Takes out ANSI escape sequences (ECMA-48) and other control characters but line ends and tabs. Pure. */
export function stripControls(text: string): string {
  return (
    text
      // eslint-disable-next-line no-control-regex
      .replace(/\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])/g, '')
      // eslint-disable-next-line no-control-regex
      .replace(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/g, '')
  );
}
