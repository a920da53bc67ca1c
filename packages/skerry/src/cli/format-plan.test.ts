import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import type { Plan } from '../lab/plan.ts';
import { formatPlan, formatUp } from './format-plan.ts';
import { formatTimings } from './format-timings.ts';

const plan: Plan = {
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
const nothing: Plan = { actions: [], unchanged: ['e'], notes: [] };
const up = (plan: Plan): string =>
  stripVTControlCharacters(
    formatUp({ name: 'lab' } as never, { plan, elapsedMs: 12_345, timings: [] }),
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
