import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { startDaemon } from './daemon.ts';

test('the example of the README runs and prints what it says', async () => {
  await using daemon = await startDaemon();
  const text = await readFile(join(import.meta.dirname, '../README.md'), 'utf8');
  const code = /```ts\n([\s\S]*?)```/.exec(text)?.[1] ?? '';
  const file = join(import.meta.dirname, `readme-${process.pid}.ts`);
  await writeFile(file, code);
  try {
    const args = ['--conditions=@skerry/source', file, daemon.uri('test:///default')];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    expect(stdout.replace(/libvirt .* on .*/, 'libvirt V on HOST')).toMatchInlineSnapshot(`
      "libvirt V on HOST
      hello is running
      lifecycle: started
      lifecycle: stopped
      hello is gone
      "
    `);
  } finally {
    await rm(file);
  }
});
