import { expect, test } from 'vitest';
import type { DaemonSpec, TreeSpec } from '../lab-file/spec-sync.ts';
import { DaemonFiles } from './hack-files.ts';

const daemon = (name: string, more: Partial<DaemonSpec> = {}): DaemonSpec => ({
  ...{ name, on: ['one'], command: ['x'], unit: undefined, cwd: '/', env: {}, user: 'root' },
  ...{ build: undefined, watch: undefined, ready: [], dependsOn: [], stop: undefined, ...more },
});
const tree = (from: string, to: string, on: readonly string[]): TreeSpec => ({
  ...{ from, to, on, mode: 'push', exclude: [], owner: 'root' },
});
const trees = [
  tree('/lab', '/srv/src', ['one', 'two']),
  tree('/lab/web', '/srv/web', ['two']),
  tree('/other', '/srv/other', ['three']),
];
const api = daemon('api', { watch: ['api/**', '!*.md', 'caf\u00e9'] });
const all = daemon('all', { on: ['two'] });
const other = daemon('other', { on: ['three'] });
const unit = daemon('unit', { unit: 'nginx.service', command: undefined });
const files = new DaemonFiles('/lab', [api, all, other, unit], trees);
const affected = (...names: string[]): string[] => files.affectedBy(names).map(({ name }) => name);

test('a path is called what it is relative to the lab file', () => {
  const [whole, web, far] = trees as [TreeSpec, TreeSpec, TreeSpec];
  expect(files.nameOf(whole, 'api/a')).toBe('api/a');
  expect(files.nameOf(web, 'index.html')).toBe('web/index.html');
  expect(files.nameOf(far, 'x')).toBe('../other/x');
});

test('`watch` says what a daemon is made of; without it, all in the trees of its machines', () => {
  expect(affected('api/a.ts')).toEqual(['api', 'all']);
  expect(affected('api/a.md')).toEqual(['all']);
  expect(affected('caf\u00e9')).toEqual(['api', 'all']);
  expect(affected('../other/x')).toEqual(['other']);
  expect(files.isWatched('notes')).toBe(true);
  expect(new DaemonFiles('/lab', [api, unit], trees).isWatched('notes')).toBe(false);
});

test('the files of a daemon in a machine are named as they are there', () => {
  const there = (of: DaemonSpec, machine: string, made?: ReadonlySet<string>): string[] =>
    files.inMachine(
      of,
      machine,
      ({ from }) => (from === '/lab' ? ['api/a', 'out', 'b'] : ['c']),
      made,
    );
  expect(there(api, 'one')).toEqual(['/srv/src/api/a']);
  expect(there(api, 'one', new Set(['out']))).toEqual(['/srv/src/api/a', '/srv/src/out']);
  expect(there(all, 'two')).toEqual(['/srv/src/api/a', '/srv/src/out', '/srv/src/b', '/srv/web/c']);
  expect(there(unit, 'one')).toEqual([]);
});

test('where it is built of files that are not there, all that are there count', () => {
  const build = { command: 'make', on: undefined, cwd: '/lab' };
  const built = daemon('built', { on: ['three'], build, watch: ['src/**'] });
  expect(files.inMachine(built, 'three', () => ['c'])).toEqual(['/srv/other/c']);
});

test('words of `watch` that no file fits are named', () => {
  const node = daemon('node', { watch: ['servr.pl', 'lib/', 'conf/**', '!conf/*.md'] });
  const other = new DaemonFiles('/lab', [node, api, all], trees);
  expect(other.unmatched(['server.pl', 'lib/a', '../servr.pl', 'api/a'])).toEqual([
    { daemon: 'node', patterns: ['servr.pl', 'conf/**'] },
    { daemon: 'api', patterns: ['caf\u00e9'] },
  ]);
});
