// A terminal on a machine's serial console: the lab's and the cloud's.
import type { Duplex } from 'node:stream';

/** The key that leaves a console, as telnet and virsh have it: Ctrl-]. */
const ESCAPE = 0x1d;

export interface Terminal {
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
}

/**
 * Joins a terminal to a stream until Ctrl-], the end of `input`, the stream's end or the signal; the stream is destroyed then.
 * Where `input` is no terminal, it is passed on as it is. Gives who ended it.
 */
export async function joinTerminal(
  stream: Duplex,
  { input, output }: Terminal,
  signal: AbortSignal,
): Promise<'us' | 'machine'> {
  const isTerminal = input.isTTY;
  if (isTerminal) input.setRawMode(true);
  try {
    return await new Promise((resolve, reject) => {
      stream.on('data', (data: Buffer) => output.write(data));
      stream.on('error', reject);
      stream.on('close', () => resolve('machine'));
      stream.on('end', () => resolve('machine'));
      if (stream.destroyed) resolve('machine');
      if (signal.aborted) resolve('us');
      signal.addEventListener('abort', () => resolve('us'), { once: true });
      input.on('data', (data: Buffer) => {
        const escape = isTerminal ? data.indexOf(ESCAPE) : -1;
        stream.write(escape < 0 ? data : data.subarray(0, escape));
        if (escape >= 0) resolve('us');
      });
      if (!isTerminal) input.on('end', () => resolve('us'));
    });
  } finally {
    stream.destroy();
    input.pause();
    if (isTerminal) input.setRawMode(false);
  }
}
