import { once } from 'node:events';
import { PassThrough, type Readable } from 'node:stream';

/**
 * Gives one stream to `count` readers, as fast as the slowest of them takes it. A reader that is destroyed misses the
 * rest; when all are, the source is too.
 */
export function broadcast(source: Readable, count: number): Readable[] {
  const outs = Array.from({ length: count }, () => new PassThrough());
  for (const out of outs) {
    out.on('error', () => {});
    out.on('close', () => {
      if (outs.every(({ destroyed }) => destroyed)) source.destroy();
    });
  }
  void pump(source, outs).catch((error: Error) => {
    for (const out of outs) out.destroy(error);
  });
  return outs;
}

async function pump(source: Readable, outs: readonly PassThrough[]): Promise<void> {
  for await (const chunk of source) {
    const full = outs.filter((out) => !out.destroyed && !out.write(chunk));
    await Promise.all(full.map((out) => drained(out)));
  }
  for (const out of outs) out.end();
}

async function drained(out: PassThrough): Promise<void> {
  const ended = new AbortController();
  const options = { signal: ended.signal };
  await Promise.race([once(out, 'drain', options), once(out, 'close', options)]).finally(() =>
    ended.abort(),
  );
}
