import { expect, test } from 'vitest';
import type { MachineFacts, MachineMark } from '../machine/metadata.ts';
import { changesOf, type ObservedMachine, planUp } from './plan.ts';
import type { MachineSpec } from '../lab-file/spec.ts';

const machine = (name: string, more: Partial<MachineSpec> = {}): MachineSpec => ({
  name,
  hostname: name,
  aliases: [],
  image: 'debian-12',
  packages: [],
  memoryMiB: 512,
  cpus: 1,
  nested: false,
  primary: false,
  autostart: true,
  disks: [],
  forwards: [],
  mac: '52:54:00:00:00:01',
  address: '10.0.0.2',
  dependsOn: [],
  ready: [],
  ...more,
});
const factsOf = ({ memoryMiB, cpus, disks }: MachineSpec): MachineFacts => ({
  memoryMiB,
  cpus,
  disks: disks.map(({ name }) => name),
});
const mark = (spec: MachineSpec, more: Partial<MachineMark> = {}): MachineMark => ({
  lab: 'lab-000000',
  machine: spec.name,
  image: 'new',
  identity: 'known',
  facts: factsOf(spec),
  ...more,
});
const seen = (
  spec: MachineSpec,
  more: Partial<ObservedMachine> = {},
  marked: Partial<MachineMark> = {},
): ObservedMachine => ({
  name: spec.name,
  running: true,
  state: 'running',
  stage: 'ready',
  mark: mark(spec, marked),
  ...more,
});
const one = machine('one');
const off = { running: false, state: 'shutoff' };

test.each([
  ['is not there is created', one, [], { kind: 'create', machine: 'one' }],
  ['is off is started', one, [seen(one, off)], { kind: 'start', machine: 'one' }],
  [
    'is paused is started',
    one,
    [seen(one, { running: false, state: 'paused' })],
    { kind: 'start', machine: 'one' },
  ],
  [
    'runs without identity is finished',
    one,
    [seen(one, {}, { identity: undefined })],
    { kind: 'finish', machine: 'one' },
  ],
  [
    'was started but never seen ready is finished',
    one,
    [seen(one, { stage: undefined })],
    { kind: 'finish', machine: 'one' },
  ],
  [
    'was told to shut down is started again',
    one,
    [seen(one, { stage: 'leaving' })],
    { kind: 'restart', machine: 'one' },
  ],
  [
    'libvirt says is shutting down is started again',
    one,
    [seen(one, { running: false, state: 'shutdown' })],
    { kind: 'restart', machine: 'one' },
  ],
  ['runs as in the file is left alone', one, [seen(one)], undefined],
  [
    'differs from the file is defined anew',
    machine('one', { memoryMiB: 1024 }),
    [seen(one)],
    {
      kind: 'redefine',
      machine: 'one',
      changes: [{ field: 'memoryMiB', from: '512', to: '1024' }],
    },
  ],
  [
    'differs and is off is defined anew too',
    machine('one', { cpus: 2 }),
    [seen(one, off)],
    { kind: 'redefine', machine: 'one', changes: [{ field: 'cpus', from: '1', to: '2' }] },
  ],
])('a machine that %s', (_, spec, observed, action) => {
  const plan = planUp({ wanted: [spec], all: [spec], observed, factsOf, imageOf: () => 'new' });
  expect(plan.actions).toEqual(action ? [action] : []);
  expect(plan.unchanged).toEqual(action ? [] : ['one']);
  expect(plan.notes).toEqual([]);
});

const two = machine('two', { autostart: false });
test.each([
  [
    'a machine that left the file',
    [one],
    [one],
    [seen(one), seen(two)],
    [{ kind: 'orphan', machine: 'two' }],
  ],
  [
    'an image built anew since',
    [one],
    [one],
    [seen(one, {}, { image: 'old' })],
    [{ kind: 'image-changed', machine: 'one' }],
  ],
  [
    'a machine without autostart that was not asked for',
    [one],
    [one, two],
    [seen(one)],
    [{ kind: 'autostart-off', machine: 'two' }],
  ],
  ['not of one that runs', [one], [one, two], [seen(one), seen(two)], []],
  ['not of one that was asked for', [two], [one, two], [seen(one)], []],
  [
    'a domain that is not ours',
    [one],
    [one],
    [seen(one, { mark: undefined })],
    [{ kind: 'foreign', machine: 'one' }],
  ],
])('up tells of %s', (_, wanted, all, observed, notes) => {
  expect(planUp({ wanted, all, observed, factsOf, imageOf: () => 'new' }).notes).toEqual(notes);
});

test('a domain that is not ours is never acted on', () => {
  const observed = [seen(one, { ...off, mark: undefined })];
  const plan = planUp({ wanted: [one], all: [one], observed, factsOf, imageOf: () => 'new' });
  expect([plan.actions, plan.unchanged]).toEqual([[], []]);
});

test('an image that is not built yet is no change', () => {
  const observed = [seen(one, {}, { image: 'old' })];
  const plan = planUp({ wanted: [one], all: [one], observed, factsOf, imageOf: () => undefined });
  expect(plan.notes).toEqual([]);
});

test.each<[MachineFacts, MachineFacts, string[]]>([
  [{ a: 1 }, { a: 1 }, []],
  [{ a: 1 }, {}, ['a 1 -> none']],
  [{}, { a: true }, ['a none -> true']],
  [{ disks: [] }, { disks: ['a', 'b'] }, ['disks none -> a, b']],
  [{ z: 'x', a: 1 }, { z: 'y', a: 2 }, ['z x -> y', 'a 1 -> 2']],
])('from %j to %j the changes are %j', (before, after, said) => {
  expect(
    changesOf(before, after).map(({ field, from, to }) => `${field} ${from} -> ${to}`),
  ).toEqual(said);
});
