import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { SkerryError } from '../util/errors.ts';
import { runInOrder } from './run-in-order.ts';

const chain = new Map([
  ['c', ['b']],
  ['b', ['a']],
  ['a', []],
  ['other', []],
]);

test('each begins at once, and has its turn after all that it waits for', async () => {
  const said: string[] = [];
  const failed = await runInOrder(chain, async (name, turn) => {
    said.push(`begin ${name}`);
    await turn();
    said.push(`turn ${name}`);
  });
  expect(failed.size).toBe(0);
  expect(said.slice(0, 4)).toEqual(['begin c', 'begin b', 'begin a', 'begin other']);
  const turns = said.filter((line) => /^turn [abc]/.test(line));
  expect(turns).toEqual(['turn a', 'turn b', 'turn c']);
});

test('all that wait for one that failed fail too, and name the first; others go on', async () => {
  const reason = new SkerryError('MACHINE_OFF', { data: { machine: 'a' } });
  const done: string[] = [];
  const failed = await runInOrder(chain, async (name, turn) => {
    await turn();
    if (name === 'a') throw reason;
    done.push(name);
  });
  expect(done).toEqual(['other']);
  expect(failed.get('a')).toBe(reason);
  for (const machine of ['b', 'c'])
    expect(failed.get(machine)).toMatchObject({
      code: 'DEPENDENCY_FAILED',
      data: { machine, root: 'a' },
    });
});

test('one that waits for a name that is not there does not wait for it', async () => {
  const failed = await runInOrder(new Map([['a', ['gone']]]), async (_, turn) => turn());
  expect(failed.size).toBe(0);
});

test('for any order nobody has a turn before those it waits for have ended', async () => {
  const graphs = fc.array(fc.array(fc.nat(6), { maxLength: 4 }), { minLength: 1, maxLength: 7 });
  await fc.assert(
    fc.asyncProperty(graphs, fc.nat(6), async (lists, bad) => {
      // Only on those before it: no cycle.
      const graph = new Map(
        lists.map((list, at) => [String(at), list.filter((one) => one < at).map(String)]),
      );
      const ended = new Set<string>();
      const failed = await runInOrder(graph, async (name, turn) => {
        await turn();
        for (const other of graph.get(name) ?? []) expect(ended).toContain(other);
        if (name === String(bad)) throw new Error('bad');
        ended.add(name);
      });
      expect(failed.size + ended.size).toBe(graph.size);
      expect(failed.has(String(bad))).toBe(graph.has(String(bad)));
    }),
    { numRuns: 100 },
  );
});
