// Snapshots that cannot be restored: nothing is touched, and the error names the file.
import { cp, open, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { TestLab } from '../support/lab.ts';
import { expectTalk } from './talk.ts';

export function damage(lab: () => TestLab): void {
  const refused = async (
    file: string,
    harm: (path: string) => Promise<unknown>,
  ): Promise<string> => {
    const { stateDir } = await lab().status();
    const path = join(stateDir, 'snapshots/ready', file);
    const kept = `${path}.kept`;
    await rename(path, kept);
    await cp(kept, path);
    await harm(path);
    try {
      const before = await expectTalk(lab());
      const { code, stderr } = await lab().skerry(['snapshot', 'restore', 'ready']);
      expect(code, stderr).not.toBe(0);
      expect(stderr).toMatch(/^hint: /m);
      // Nobody was disturbed.
      expect(await expectTalk(lab())).toBeGreaterThan(before);
      return stderr;
    } finally {
      await rename(kept, path);
    }
  };

  test.each([
    ['one/memory', 'truncated', (path: string) => truncate(path, 2 ** 20)],
    ['one/memory', 'altered', (path: string) => flip(path, 5_000_000)],
    ['one/memory', 'written to where it was empty', (path: string) => fillHole(path)],
    ['two/state', 'altered', (path: string) => flip(path, 1000)],
    ['two/state', 'missing', (path: string) => rm(path)],
    ['two/frozen.json', 'not JSON', (path: string) => writeFile(path, '{')],
    ['snapshot.json', 'not JSON', (path: string) => writeFile(path, '{')],
  ] as const)('%s %s', async (file, _, harm) => {
    expect(await refused(file, harm)).toContain(`snapshots/ready/${file}`);
  });

  test('of another QEMU: refused, with the way that is left', async () => {
    const said = await refused('snapshot.json', async (path) => {
      const record = JSON.parse(await readFile(path, 'utf8')) as { host: Record<string, string> };
      record.host.qemu = 'another';
      await writeFile(path, JSON.stringify(record));
    });
    expect(said).toContain('saved under another qemu');
    expect(said).toContain('skerry snapshot restore ready --cold');
  });

  test('after all that it can be restored', async () => {
    await lab().ok(['snapshot', 'restore', 'ready']);
    await expectTalk(lab());
  });
}

/** Changes one byte. */
async function flip(path: string, at: number): Promise<void> {
  await using file = await open(path, 'r+');
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, at);
  buffer[0] = (buffer[0] ?? 0) ^ 0xff;
  await file.write(buffer, 0, 1, at);
}

/** Writes one byte into the first page that frozen.json does not list. */
async function fillHole(path: string): Promise<void> {
  const text = await readFile(join(path, '../frozen.json'), 'utf8');
  const { extents } = JSON.parse(text) as { extents: number[] };
  let end = 0;
  for (let at = 0; at < extents.length; at += 2) {
    const [start = 0, length = 0] = extents.slice(at, at + 2);
    if (start > end) break;
    end = start + length;
  }
  await using file = await open(path, 'r+');
  await file.write(Buffer.from([1]), 0, 1, end);
}
