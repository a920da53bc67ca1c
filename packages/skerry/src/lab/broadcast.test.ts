import { once } from 'node:events';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { broadcast } from './broadcast.ts';

const chunks = Array.from({ length: 40 }, (_, at) => Buffer.alloc(16 * 1024, at));

test('every reader gets all of it', async () => {
  const outs = broadcast(Readable.from(chunks), 3);
  const got = await Promise.all(outs.map((out) => buffer(out)));
  for (const data of got) expect(data.equals(Buffer.concat(chunks))).toBe(true);
});

test('the slowest sets the pace', async () => {
  let given = 0;
  const source = Readable.from(
    (function* () {
      for (const chunk of chunks) {
        given++;
        yield chunk;
      }
    })(),
    { highWaterMark: 1 },
  );
  const [fast, slow] = broadcast(source, 2);
  fast?.resume();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(given).toBeLessThan(10);
  slow?.resume();
  await once(slow as Readable, 'end');
  expect(given).toBe(40);
});

test('one that leaves holds nobody up; when all have left, the source is let go', async () => {
  const source = Readable.from(chunks);
  const [gone, stays] = broadcast(source, 2);
  gone?.destroy();
  expect((await buffer(stays as Readable)).length).toBe(40 * 16 * 1024);
  const endless = new Readable({ read() {} });
  const outs = broadcast(endless, 2);
  for (const out of outs) out.destroy();
  await once(endless, 'close');
  expect(endless.destroyed).toBe(true);
});

test('an error of the source reaches the readers', async () => {
  const source = new Readable({ read() {} });
  const [out] = broadcast(source, 1);
  source.destroy(new Error('torn'));
  await expect(buffer(out as Readable)).rejects.toThrow('torn');
});
