import { expect, test } from 'vitest';
import type { DaemonSpec } from '../lab-file/spec-sync.ts';
import { daemonTargets, inWaves } from './order.ts';

const daemon = (name: string, on: string[], dependsOn: string[] = []): DaemonSpec =>
  ({ name, on, dependsOn }) as unknown as DaemonSpec;
const ALL = [
  daemon('db', ['one']),
  daemon('cache', ['two']),
  daemon('api', ['one', 'two'], ['db']),
  daemon('web', ['two'], ['api', 'cache']),
];
const show = (targets: ReturnType<typeof daemonTargets>): string[] =>
  targets.map(({ spec, machines }) => `${spec.name}: ${machines.join(' ')}`);
const waves = (names: string[]): string[][] =>
  inWaves(ALL, daemonTargets(ALL, names, undefined, false)).map((wave) =>
    wave.map(({ spec }) => spec.name),
  );

test('each wave needs earlier ones only', () => {
  expect(waves(['db', 'cache', 'api', 'web'])).toEqual([['db', 'cache'], ['api'], ['web']]);
});

test('one that is not meant still puts others in order', () => {
  expect(waves(['db', 'web'])).toEqual([['db'], ['web']]);
});

test('only machines that are meant', () => {
  expect(show(daemonTargets(ALL, ['db', 'api'], ['two'], false))).toEqual(['api: two']);
});

test('with what they depend on, wherever that is', () => {
  expect(show(daemonTargets(ALL, ['web'], ['two'], true))).toEqual([
    'db: one',
    'cache: two',
    'api: one two',
    'web: two',
  ]);
});
