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
 * Where `input` is no terminal, it is passed on as it is.
 */
export async function joinTerminal(
  stream: Duplex,
  { input, output }: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const isTerminal = input.isTTY;
  if (isTerminal) input.setRawMode(true);
  try {
    await new Promise<void>((resolve, reject) => {
      stream.on('data', (data: Buffer) => output.write(data));
      stream.on('error', reject);
      stream.on('close', resolve);
      stream.on('end', resolve);
      if (signal.aborted || stream.destroyed) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
      input.on('data', (data: Buffer) => {
        const escape = isTerminal ? data.indexOf(ESCAPE) : -1;
        stream.write(escape < 0 ? data : data.subarray(0, escape));
        if (escape >= 0) resolve();
      });
      if (!isTerminal) input.on('end', resolve);
    });
  } finally {
    stream.destroy();
    input.pause();
    if (isTerminal) input.setRawMode(false);
  }
}
