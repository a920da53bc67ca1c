import { fstatSync } from 'node:fs';
import { SkerryError } from '../util/errors.ts';

const MAX_BYTES = 2 ** 20;
const PATIENCE_MS = 3000;

/**
 * What is piped in, for the command's stdin on every machine; nothing from a terminal or /dev/null. It is needed
 * whole, so an end that never comes is waited for: after 3 s that is said.
 */
export async function pipedInput(signal: AbortSignal): Promise<Buffer | undefined> {
  if (!isPiped()) return undefined;
  const note = setTimeout(() => {
    process.stderr.write('waiting for the end of stdin (none to give? add </dev/null)\n');
  }, PATIENCE_MS);
  const leave = (): void => void process.stdin.destroy(signal.reason as Error);
  signal.addEventListener('abort', leave, { once: true });
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of process.stdin) {
      chunks.push(chunk as Buffer);
      size += (chunk as Buffer).length;
      if (size > MAX_BYTES) throw tooMuch();
    }
  } finally {
    clearTimeout(note);
    signal.removeEventListener('abort', leave);
  }
  return Buffer.concat(chunks);
}

/** A pipe, a file, or the socket that Node and others use as a pipe. */
function isPiped(): boolean {
  try {
    const kind = fstatSync(0);
    return kind.isFIFO() || kind.isFile() || kind.isSocket();
  } catch {
    return false;
  }
}

function tooMuch(): SkerryError {
  const detail = 'exec takes at most 1 MiB of input: use skerry ssh for more';
  return new SkerryError('USAGE', { data: { detail, command: 'skerry exec' } });
}
