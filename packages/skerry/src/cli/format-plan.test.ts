import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import type { UpPlan, UpResult } from '../lab/up.ts';
import { formatPlan, formatUp } from './format-plan.ts';
import { formatTimings } from './format-timings.ts';

const none = { order: [], afterAllUp: [], missing: [], triggers: [] };
const plan: UpPlan = {
  ...none,
  actions: [
    { kind: 'create', machine: 'a' },
    { kind: 'start', machine: 'b' },
    { kind: 'finish', machine: 'c' },
    {
      kind: 'redefine',
      machine: 'd',
      changes: [
        { field: 'cpus', from: '1', to: '2' },
        { field: 'disks', from: 'none', to: 'data' },
      ],
    },
  ],
  unchanged: ['e'],
  notes: [
    { kind: 'orphan', machine: 'f' },
    { kind: 'image-changed', machine: 'e' },
    { kind: 'autostart-off', machine: 'g' },
    { kind: 'foreign', machine: 'h' },
  ],
};
const nothing: UpPlan = { ...none, actions: [], unchanged: ['e'], notes: [] };
const up = (
  plan: UpPlan,
  provisioned: UpResult['provisioned'] = [],
  areTreesKeptAnew = false,
): string =>
  stripVTControlCharacters(
    formatUp({ name: 'lab', machines: [{ autostart: true }], daemons: [] } as never, {
      ...{ plan, provisioned, areTreesKeptAnew, elapsedMs: 12_345, timings: [] },
    }),
  );

test('a plan, one line a machine', () => {
  expect(stripVTControlCharacters(formatPlan(plan))).toMatchInlineSnapshot(`
    "+ a: create and start
    > b: start
    > c: finish its set-up, which was interrupted
    ~ d: restart with cpus 1 -> 2, disks none -> data
      e: as in the file
    ! f: no longer in the lab file; remove it with: skerry destroy f
    ! e: its image was built anew since; to take it: skerry destroy e && skerry up
      g: autostart is off; start it with: skerry up g
    ! h: a domain of this name exists that Skerry did not define
    4 machines to change."
  `);
});

test('a plan of nothing', () => {
  expect(stripVTControlCharacters(formatPlan(nothing))).toMatchInlineSnapshot(`
    "  e: as in the file
    Nothing to do."
  `);
});

test('the end of up says what was done, how long it took and what to do next', () => {
  expect(up({ ...plan, notes: [] })).toMatchInlineSnapshot(
    `"Lab lab is up: 4 machines in 12.3 s. Next: skerry status, skerry ssh, skerry exec -- uptime"`,
  );
  expect(up({ ...nothing, actions: [{ kind: 'start', machine: 'b' }] })).toContain(
    '1 machine in 12.3 s',
  );
  expect(up(nothing)).toBe('Lab lab is up; nothing to do.');
  expect(up(nothing, [], true)).toBe('Lab lab is up; its trees are kept up to date again.');
});

test('timings as a waterfall', () => {
  const result = {
    plan,
    elapsedMs: 1000,
    timings: [
      { phase: 'boot' as const, machine: 'b', startMs: 500, durationMs: 500 },
      { phase: 'network' as const, startMs: 0, durationMs: 1 },
      { phase: 'disk' as const, machine: 'b', startMs: 250, durationMs: 250 },
      { phase: 'identity' as const, machine: 'a', startMs: 1000, durationMs: 0 },
    ],
  };
  expect(stripVTControlCharacters(formatTimings(result))).toMatchInlineSnapshot(`
    "
    WHERE  PHASE     TOOK    0 .. 1.0 s
    lab    network   1 ms    █
    a      identity  0 ms                                           █
    b      disk      250 ms            ██████████
    b      boot      500 ms                      ████████████████████"
  `);
});

const provisioned: UpPlan = {
  ...nothing,
  order: [
    {
      machine: 'a',
      after: [],
      steps: [
        { machine: 'a', provisioner: 'base', why: 'new' },
        { machine: 'a', provisioner: 'users', why: 'changed' },
      ],
      waits: true,
    },
    { machine: 'b', after: ['a'], steps: [], waits: true },
    { machine: 'c', after: ['a'], steps: [], waits: false },
  ],
  afterAllUp: [
    { machine: 'a', provisioner: 'join', why: 'always' },
    { machine: 'b', provisioner: 'join', why: 'always' },
  ],
  missing: ['d'],
  triggers: [
    { when: 'before', run: 'make\nmake install' },
    { when: 'after', run: 'sync', on: ['a'] },
  ],
};

test('a plan with provisioners says where, why and in which order', () => {
  expect(stripVTControlCharacters(formatPlan(provisioned))).toMatchInlineSnapshot(`
    "* before it, on this host: make
      e: as in the file
    When they run:
      a: base (not run yet), users (changed since it ran), wait until it is ready
      b, after a: wait until it is ready
    When all are ready:
      join on a, b: runs always
    ! not now, for these are not up: d
    * after it, on a: sync
    2 machines to provision."
  `);
});

test('the plan of a lab that comes back as it was provisioned', () => {
  const kept = { ...none, ...plan, notes: [], kept: '2026-01-02T03:04:05.678Z' };
  expect(stripVTControlCharacters(formatPlan(kept)).split('\n')[0]).toBe(
    '+ all machines: as they were provisioned at 2026-01-02 03:04 (anew: --provision)',
  );
});

test('the end of up says how many machines were provisioned, or came back so', () => {
  const step = { machine: 'a', provisioner: 'base', why: 'new', durationMs: 1 } as const;
  expect(up(nothing, [step, { ...step, provisioner: 'more' }])).toMatch(
    /^Lab lab is up: 1 machine provisioned in 12\.3 s\. /,
  );
  expect(up({ ...nothing, kept: '2026-01-02' })).toMatch(
    /^Lab lab is up: 1 machine as provisioned before in 12\.3 s\. /,
  );
});
