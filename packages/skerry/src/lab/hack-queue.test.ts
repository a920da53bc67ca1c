import { expect, test } from 'vitest';
import { HackQueue } from './hack-queue.ts';

const queue = (): HackQueue => new HackQueue((path) => path.startsWith('src/'));
const sums = (all: Record<string, string>): Map<string, string> => new Map(Object.entries(all));

test('what is saved before an attempt begins is in it, from the moment the first was seen', () => {
  const one = queue();
  one.saved(['src/a'], 10);
  one.saved(['notes', 'src/a'], 20);
  expect(one.take()).toEqual({
    paths: ['src/a', 'notes'],
    all: ['src/a', 'notes'],
    savedMs: 10,
  });
  expect(one.take()).toBeUndefined();
});

test('what did not come to run is part of each attempt until one goes well', () => {
  const one = queue();
  one.saved(['src/a'], 1);
  one.take();
  one.saved(['src/b'], 2);
  expect(one.take()).toEqual({ paths: ['src/b'], all: ['src/a', 'src/b'], savedMs: 2 });
  expect(one.unproven).toEqual(['src/a', 'src/b']);
  one.proven();
  expect(one.unproven).toEqual([]);
  one.saved(['src/c'], 3);
  expect(one.take()?.all).toEqual(['src/c']);
});

test('a save that daemons are made of breaks off an attempt; another waits for its end', () => {
  const one = queue();
  expect(one.saved(['notes'], 1)).toBe(false);
  expect(one.hasNews).toBe(false);
  expect(one.saved(['notes', 'src/a'], 2)).toBe(true);
  expect(one.hasNews).toBe(true);
});

test('what a build makes waits once, and is known the next time', () => {
  const one = queue();
  one.saved(['src/a'], 1);
  one.take();
  one.buildBegins();
  expect(one.saved(['src/made', 'out/made'], 2)).toBe(false);
  expect(one.written).toEqual(['src/made']);
  expect(one.buildEnds(sums({ 'src/made': '1' }), 3)).toEqual([]);
  expect(one.take()?.paths).toEqual(['src/made']);
  one.buildBegins();
  one.saved(['src/made'], 4);
  one.buildEnds(sums({ 'src/made': '2' }), 5);
  expect(one.take()).toBeUndefined();
  expect([...one.made]).toEqual(['src/made']);
});

test('a file that was saved before and is saved while it is built breaks that off', () => {
  const one = queue();
  one.saved(['src/a'], 1);
  one.take();
  one.buildBegins();
  expect(one.saved(['src/made'], 2)).toBe(false);
  expect(one.saved(['src/a'], 3)).toBe(true);
  one.buildBroke();
  expect(one.take()).toMatchObject({ paths: ['src/a'], savedMs: 3 });
  // What else was written is looked at when a build has gone to its end.
  one.buildBegins();
  expect(one.written).toEqual(['src/made']);
});

test('a build that writes what was saved is not broken off by that for ever', () => {
  const one = queue();
  one.saved(['src/a'], 1);
  let builds = 0;
  for (let change = one.take(); change; change = one.take()) {
    expect(++builds).toBeLessThan(5);
    one.buildBegins();
    // It formats what it builds.
    if (one.saved(['src/a'], builds)) one.buildBroke();
    else one.buildEnds(sums({ 'src/a': 'formatted' }), builds);
  }
  expect(builds).toBe(3);
});

test('a file saved by hand in one build after the other is built each time', () => {
  const one = queue();
  one.saved(['src/a'], 1);
  for (const content of ['1', '2', '3']) {
    expect(one.take()?.paths).toEqual(['src/a']);
    one.buildBegins();
    // The first breaks it off; the others are seen at its end.
    if (one.saved(['src/a'], 2)) one.buildBroke();
    else one.buildEnds(sums({ 'src/a': content }), 3);
  }
  expect(one.take()?.paths).toEqual(['src/a']);
});

test('a file that each build writes anew is given up and named', () => {
  const one = queue();
  one.saved(['src/stamp'], 1);
  const endless: string[] = [];
  for (let builds = 1; one.take(); builds++) {
    expect(builds).toBeLessThan(12);
    one.buildBegins();
    if (one.saved(['src/stamp'], builds)) one.buildBroke();
    else endless.push(...one.buildEnds(sums({ 'src/stamp': String(builds) }), builds));
  }
  expect(endless).toEqual(['src/stamp']);
});

test('what goes by itself is not tried again with others', () => {
  const one = new HackQueue(
    (path) => path.startsWith('src/'),
    (path) => path === 'big',
  );
  one.saved(['big', 'src/a'], 1);
  expect(one.take()).toMatchObject({ paths: ['big', 'src/a'], all: ['src/a'] });
});

test('what a build makes, or lies beside that, is not saved by hand', () => {
  const one = queue();
  one.saved(['big', 'out/old'], 1);
  expect(one.isByHand('big')).toBe(true);
  expect(one.isByHand('other')).toBe(false);
  one.buildBegins();
  one.saved(['out/program'], 2);
  one.buildEnds(sums({}), 3);
  one.saved(['out/program'], 4);
  expect(one.isByHand('out/program')).toBe(false);
  expect(one.isByHand('out/old')).toBe(false);
  expect(one.isByHand('big')).toBe(true);
});

test('what was tried to its end and did not run is told from what was just saved', () => {
  const one = queue();
  one.saved(['src/a', 'notes'], 1);
  one.take();
  expect(one.failed).toEqual([]);
  one.disproven();
  // No daemon is made of notes.
  expect(one.failed).toEqual(['src/a']);
  one.saved(['notes'], 2);
  expect(one.take()?.all).toEqual(['src/a', 'notes']);
  expect(one.failed).toEqual(['src/a']);
  one.saved(['src/a'], 3);
  one.take();
  expect(one.failed).toEqual([]);
  one.disproven();
  one.proven();
  expect(one.failed).toEqual([]);
});
