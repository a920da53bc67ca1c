// Trees from a machine to the host, by the agent that runs in machines; the machine is a folder here.
import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { toBytes } from '../src/sync/paths.ts';
import { poll } from '../src/util/poll.ts';
import { localTree } from './local-tree.ts';
import { contents, puller } from './pull-local.ts';

test('what a machine made comes here, and only what changed comes again', async () => {
  await using tree = localTree();
  mkdirSync(join(tree.from, 'bin'));
  writeFileSync(join(tree.from, 'bin/agent'), 'x'.repeat(200_000));
  chmodSync(join(tree.from, 'bin/agent'), 0o755);
  writeFileSync(toBytes(tree.from, 'odd\n\xff'), 'odd');
  symlinkSync('bin/agent', join(tree.from, 'latest'));
  writeFileSync(join(tree.from, 'a.o'), 'left out');
  const pull = puller(tree, ['*.o']);
  await pull.connect();
  expect(await pull.pull()).toMatchObject({ refused: [], bytes: 200_003 });
  const { 'a.o': _, ...wanted } = contents(tree.from);
  expect(contents(tree.to)).toEqual(wanted);
  expect(await pull.pull()).toEqual({
    ...{ isThere: true, fetched: [], removed: [], refused: [], bytes: 0 },
  });
  writeFileSync(join(tree.from, 'bin/agent'), 'new');
  rmSync(join(tree.from, 'latest'));
  expect(await pull.pull()).toMatchObject({ fetched: ['bin/agent'], removed: ['latest'] });
  await pull.close();
});

test("the host's own files stay, and what was fetched and edited here is fetched again", async () => {
  await using tree = localTree();
  writeFileSync(join(tree.from, 'made'), 'machine');
  mkdirSync(join(tree.from, 'stays'));
  mkdirSync(tree.to, { recursive: true });
  writeFileSync(join(tree.to, 'own'), 'host');
  const pull = puller(tree);
  await pull.connect();
  await pull.pull();
  writeFileSync(join(tree.to, 'made'), 'edited here');
  expect((await pull.pull()).fetched).toEqual(['made']);
  rmSync(join(tree.from, 'made'));
  await pull.pull();
  expect(contents(tree.to)).toEqual({ own: 'file 644 host', stays: 'folder 755' });
});

test('nothing is written through a link here that leads out', async () => {
  await using tree = localTree();
  mkdirSync(join(tree.from, 'etc'));
  writeFileSync(join(tree.from, 'etc/passwd'), 'evil');
  mkdirSync(tree.to, { recursive: true });
  mkdirSync(join(tree.to, '../outside'));
  symlinkSync('../outside', join(tree.to, 'etc'));
  const pull = puller(tree);
  await pull.connect();
  await pull.pull();
  expect(contents(join(tree.to, '../outside'))).toEqual({});
  expect(readFileSync(join(tree.to, 'etc/passwd'), 'utf8')).toBe('evil');
});

test('changes are told, also in folders that came later', async () => {
  await using tree = localTree();
  mkdirSync(join(tree.from, 'sub'));
  let told = 0;
  const pull = puller(tree);
  await pull.connect(() => told++);
  await pull.pull();
  const change = async (path: string): Promise<void> => {
    const before = told;
    writeFileSync(join(tree.from, path), path);
    await poll(() => (told > before ? true : undefined), {
      timeoutMs: 5000,
      onTimeout: () => new Error(`nothing was told of ${path}`),
    });
    await pull.pull();
  };
  await change('sub/one');
  mkdirSync(join(tree.from, 'later'));
  await poll(async () => ((await pull.pull()).fetched.includes('later') ? true : undefined), {
    timeoutMs: 5000,
    onTimeout: () => new Error('the folder did not come'),
  });
  await change('later/two');
  expect(contents(tree.to)).toEqual(contents(tree.from));
});
