import { fstatSync } from 'node:fs';
import type { Readable } from 'node:stream';

/** What is piped in, for the command's stdin on every machine; nothing from a terminal or /dev/null. */
export function pipedInput(): Readable | undefined {
  try {
    // A socket, too: Node and others use one as a pipe.
    const kind = fstatSync(0);
    return kind.isFIFO() || kind.isFile() || kind.isSocket() ? process.stdin : undefined;
  } catch {
    return undefined;
  }
}
