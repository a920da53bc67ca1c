import { expect, test } from 'vitest';
import type { LabSpec, MachineSpec } from '../lab-file/spec.ts';
import type { MachineMark } from '../machine/metadata.ts';
import { type OrderInput, planOrder, probesHash } from './order-plan.ts';

const port = [{ kind: 'tcp', value: '80', timeoutMs: 1000 }] as const;
const machine = (name: string, more: Partial<MachineSpec> = {}): MachineSpec =>
  ({ name, autostart: true, dependsOn: [], ready: [], ...more }) as MachineSpec;
const shell = (
  name: string,
  on: readonly string[],
  more: Partial<LabSpec['provision'][number]> = {},
): LabSpec['provision'][number] =>
  ({ name, on, run: 'once', phase: 'machine', kind: 'shell', config: {}, ...more }) as never;
const lab = {
  machines: [
    machine('agent', { dependsOn: ['central'] }),
    machine('central', { ready: port }),
    machine('idle'),
  ],
  provision: [
    shell('base', ['agent', 'central']),
    shell('join', ['agent'], { phase: 'afterAllUp' }),
    shell('each', ['central'], { run: 'always' }),
    shell('rare', ['central'], { run: 'never' }),
  ],
};
const hashes = new Map(lab.provision.map(({ name }) => [name, `${name}-1`]));
const all = ['agent', 'central', 'idle'];
const mark = (provisioned: Readonly<Record<string, string>>, ready?: string): MachineMark => ({
  ...{ lab: '', machine: '', image: '', facts: {}, provisioned, ready },
});
const done: Record<string, MachineMark> = {
  agent: mark({ base: 'base-1', join: 'join-1' }),
  central: mark({ base: 'base-1' }, probesHash({ ready: port })),
  idle: mark({}),
};
const plan = (more: Partial<OrderInput> = {}): ReturnType<typeof planOrder> =>
  planOrder({
    ...{ lab, hashes, wanted: all, started: new Set(), mode: 'due' },
    markOf: (name) => done[name],
    isRunning: () => true,
    ...more,
  });
const fresh: Partial<OrderInput> = {
  started: new Set(all),
  markOf: () => undefined,
  isRunning: () => false,
};

test('a new lab: each machine after those it waits for, what is for all at the end', () => {
  expect(plan(fresh)).toEqual({
    order: [
      {
        machine: 'central',
        after: [],
        steps: [
          { machine: 'central', provisioner: 'base', why: 'new' },
          { machine: 'central', provisioner: 'each', why: 'always' },
        ],
        waits: true,
      },
      {
        machine: 'agent',
        after: ['central'],
        steps: [{ machine: 'agent', provisioner: 'base', why: 'new' }],
        waits: false,
      },
      { machine: 'idle', after: [], steps: [], waits: false },
    ],
    afterAllUp: [{ machine: 'agent', provisioner: 'join', why: 'new' }],
    missing: [],
  });
});

const steps = (found: ReturnType<typeof planOrder>): string[] =>
  [...found.order.flatMap((one) => one.steps), ...found.afterAllUp].map(
    (step) => `${step.machine} ${step.provisioner} ${step.why}`,
  );

test('a lab that is provisioned: only what runs always', () => {
  expect(steps(plan())).toEqual(['central each always']);
  const without = { ...lab, provision: lab.provision.filter(({ run }) => run !== 'always') };
  expect(plan({ lab: without })).toEqual({ order: [], afterAllUp: [], missing: [] });
});

test('a provisioner that is another one by now runs again', () => {
  const changed = new Map([...hashes, ['join', 'join-2']]);
  expect(steps(plan({ hashes: changed }))).toEqual(['central each always', 'agent join changed']);
});

test('--provision runs all but those that run never, --no-provision none', () => {
  expect(steps(plan({ mode: 'all' }))).toEqual([
    'central base asked',
    'central each new',
    'agent base asked',
    'agent join asked',
  ]);
  const none = plan({ ...fresh, mode: 'none' });
  expect(steps(none)).toEqual([]);
  expect(none.order.some(({ waits, after }) => waits || after.length > 0)).toBe(false);
});

test('those that are named run, also where they never do by themselves', () => {
  expect(steps(plan({ mode: { only: ['rare', 'join'] } }))).toEqual([
    'central rare asked',
    'agent join asked',
  ]);
});

test('a machine that was not ready is looked at again, and so are all when in doubt', () => {
  const waiting = (found: ReturnType<typeof planOrder>): string[] =>
    found.order.filter(({ waits }) => waits).map((one) => one.machine);
  const quiet = { ...lab, provision: [] };
  expect(waiting(plan({ lab: quiet }))).toEqual([]);
  expect(waiting(plan({ lab: quiet, isDoubtful: true }))).toEqual(['central']);
  expect(waiting(plan({ lab: quiet, started: new Set(['central']) }))).toEqual(['central']);
  const unready: typeof done = { ...done, central: mark({ base: 'base-1' }) };
  expect(waiting(plan({ lab: quiet, markOf: (name) => unready[name] }))).toEqual(['central']);
});

test('one that others wait for has to be up, though nobody named it', () => {
  const one = { ...fresh, wanted: ['agent'], started: new Set(['agent']) };
  expect(() => plan(one)).toThrow(
    expect.objectContaining({
      code: 'DEPENDENCY_OFF',
      data: { machine: 'agent', dependency: 'central' },
    }),
  );
  const up = plan({ ...one, isRunning: (name) => name === 'central' });
  expect(up.order.map((found) => [found.machine, found.steps.length, found.waits])).toEqual([
    ['central', 0, true],
    ['agent', 1, false],
  ]);
  expect(up.missing).toEqual(['idle']);
});

test('what a machine is ready by is in its hash, how long that may take is not', () => {
  const [probe] = port;
  expect(probesHash({ ready: [{ ...probe, timeoutMs: 5 }] })).toBe(probesHash({ ready: port }));
  expect(probesHash({ ready: [{ ...probe, value: '81' }] })).not.toBe(probesHash({ ready: port }));
});

test('one with nothing to do still stands between those it waits for and those that wait for it', () => {
  const chain = {
    machines: [
      machine('c', { dependsOn: ['b'] }),
      machine('b', { dependsOn: ['a'] }),
      machine('a'),
    ],
    provision: [shell('base', ['a', 'c'])],
  };
  const found = plan({ lab: chain, wanted: ['a', 'b', 'c'], markOf: () => mark({}) });
  expect(found.order.map((one) => [one.machine, one.after, one.steps.length])).toEqual([
    ['a', [], 1],
    ['b', ['a'], 0],
    ['c', ['b'], 1],
  ]);
});
