// Folders of the host that cannot be read are not taken for empty ones: machines keep what they have of them.
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compareWith } from '../src/lab/sync.ts';
import { HostTree } from '../src/sync/host-tree.ts';
import { HostWatch } from '../src/sync/host-watch.ts';
import { MachineTree } from '../src/sync/machine-tree.ts';
import { poll } from '../src/util/poll.ts';
import { type LocalTree, localTree } from './local-tree.ts';
import { asOrdinaryUser } from './support/ordinary-user.ts';

const REFUSED = [{ path: 'sub', reason: 'on this host: it may not be read' }];

/** Has a folder with something in it, in the machine too. */
async function pushed(exclude: readonly string[] = []): Promise<LocalTree> {
  const tree = localTree({ exclude });
  mkdirSync(join(tree.from, 'sub/deep'), { recursive: true });
  for (const name of ['top', 'sub/a', 'sub/deep/b']) writeFileSync(join(tree.from, name), name);
  await tree.host.scan();
  await tree.machine.connect();
  await tree.machine.push();
  return tree;
}

/** As a command that begins anew has it. */
async function anew({ from, to, start }: LocalTree): Promise<MachineTree> {
  const host = new HostTree({ root: from, exclude: [] });
  const owner = `${process.geteuid?.()}:${process.getegid?.()}`;
  const { signal } = new AbortController();
  const machine = new MachineTree({ host, to, owner, start, signal });
  await host.scan();
  await machine.connect();
  return machine;
}

// Who may not read its names, who may not look at what they are: the bits of a folder are for one each.
test.each([0o311, 0o644])('a folder with mode %o stays in machines, and is named', (mode) =>
  asOrdinaryUser(async () => {
    await using tree = await pushed();
    chmodSync(join(tree.from, 'sub'), mode);
    await tree.host.scan();
    const result = await tree.machine.push();
    expect(result.steps.filter(({ kind }) => kind === 'remove')).toEqual([]);
    expect(result.refused.map(({ path }) => path)).toContain(mode === 0o311 ? 'sub' : 'sub/a');
    expect(tree.machine.lacking.size).toBeGreaterThan(0);
    expect(tree.machine.behind()).toEqual([]);
    chmodSync(join(tree.to, 'sub'), 0o755);
    expect(readFileSync(join(tree.to, 'sub/a'), 'utf8')).toBe('sub/a');
    expect(readFileSync(join(tree.to, 'sub/deep/b'), 'utf8')).toBe('sub/deep/b');
    // When it may be read again, its parent changes, and all is seen that happened meanwhile.
    chmodSync(join(tree.from, 'sub'), 0o755);
    rmSync(join(tree.from, 'sub/a'));
    writeFileSync(join(tree.from, 'sub/new'), 'new');
    await tree.host.rescan(['']);
    expect(await tree.machine.push()).toMatchObject({ refused: [] });
    expect(tree.machine.lacking.size).toBe(0);
    expect(existsSync(join(tree.to, 'sub/a'))).toBe(false);
    expect(readFileSync(join(tree.to, 'sub/new'), 'utf8')).toBe('new');
  }),
);

test('a folder that cannot be read from the start on stays in machines, and differs', () =>
  asOrdinaryUser(async () => {
    await using tree = await pushed();
    await tree.machine.close();
    chmodSync(join(tree.from, 'sub'), 0o311);
    const machine = await anew(tree);
    expect(await machine.push()).toMatchObject({ refused: REFUSED });
    chmodSync(join(tree.to, 'sub'), 0o755);
    expect(readFileSync(join(tree.to, 'sub/deep/b'), 'utf8')).toBe('sub/deep/b');
    const host = new HostTree({ root: tree.from, exclude: [] });
    await host.scan();
    const check = await compareWith(host, await machine.look());
    expect(check).toMatchObject({ different: ['sub'], extra: [] });
    expect(check.hash.host).not.toBe(check.hash.machine);
    await machine.close();
    chmodSync(join(tree.from, 'sub'), 0o755);
  }));

test('a folder that is left out may be as it likes', () =>
  asOrdinaryUser(async () => {
    await using tree = await pushed(['sub/']);
    chmodSync(join(tree.from, 'sub'), 0);
    await tree.host.scan();
    expect(await tree.machine.push()).toMatchObject({ refused: [] });
    expect(tree.host.unreadable.size).toBe(0);
    chmodSync(join(tree.from, 'sub'), 0o755);
  }));

test('a watched folder is named when it cannot be read any more, and goes on when it can', () =>
  asOrdinaryUser(async () => {
    await using tree = await pushed();
    const told: string[] = [];
    const watch = new HostWatch({
      ...{ root: tree.from, exclude: [], onAway: () => {}, onLimit: (reason) => told.push(reason) },
      onChange: (before) => told.push(...before.keys()),
    });
    watch.start();
    await watch.tree.scan();
    const until = (what: () => boolean): Promise<unknown> =>
      poll(() => (what() ? true : undefined), {
        timeoutMs: 10_000,
        onTimeout: () => new Error(`told only: ${told.join(', ')}`),
      });
    try {
      chmodSync(join(tree.from, 'sub'), 0);
      await until(() => told.includes('sub') && watch.tree.unreadable.has('sub'));
      expect(watch.tree.entries.has('sub/deep/b')).toBe(true);
      chmodSync(join(tree.from, 'sub'), 0o755);
      writeFileSync(join(tree.from, 'sub/new'), 'new');
      await until(() => told.includes('sub/new') && watch.tree.unreadable.size === 0);
      expect(new Set(told)).toEqual(new Set(['sub', 'sub/new']));
    } finally {
      watch.close();
    }
  }));
