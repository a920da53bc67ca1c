import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { LabSpec } from '../lab-file/spec.ts';
import type { TriggerSpec } from '../lab-file/spec-provision.ts';
import { Progress, type ProgressEvent } from './progress.ts';
import { triggersOf, withTriggers } from './triggers.ts';

let dir: string;
let events: ProgressEvent[];
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'skerry-triggers-'));
});
afterAll(async () => {
  await rm(dir, { recursive: true });
});
beforeEach(() => {
  events = [];
});

const trigger = (run: string, more: Partial<TriggerSpec> = {}): TriggerSpec => ({
  ...{ when: 'before', actions: ['up'], run, on: undefined, onError: 'halt' },
  ...more,
});
const labOf = (...triggers: TriggerSpec[]): LabSpec =>
  ({
    ...{ name: 'archipelago', dir, stateDir: join(dir, 'state'), triggers },
    machines: [{ name: 'one' }, { name: 'two' }],
  }) as never;
const up = (lab: LabSpec, work: () => Promise<string>, machines: string[] = []): Promise<string> =>
  withTriggers(
    lab,
    'up',
    {
      progress: new Progress((event) => events.push(event)),
      signal: new AbortController().signal,
      machines,
    },
    work,
  );

test('before and after, in the folder of the lab file, and they know what they are for', async () => {
  const log = 'echo "$SKERRY_LAB $SKERRY_ACTION $SKERRY_MACHINES" >> log';
  const lab = labOf(trigger(log), trigger(`test -e worked && ${log}`, { when: 'after' }));
  const work = async (): Promise<string> => {
    await withTriggers(labOf(trigger('touch worked')), 'up', options(), async () => {});
    return 'result';
  };
  expect(await up(lab, work, ['two'])).toBe('result');
  const line = 'archipelago up two\n';
  expect(await readFile(join(dir, 'log'), 'utf8')).toBe(line + line);
});

const options = (): Parameters<typeof withTriggers>[2] => ({
  progress: new Progress(),
  signal: new AbortController().signal,
  machines: [],
});

test('one before it that fails ends it, with the end of its output', async () => {
  let worked = false;
  const work = async (): Promise<string> => {
    worked = true;
    return '';
  };
  await expect(up(labOf(trigger('echo no port; exit 4')), work)).rejects.toMatchObject({
    code: 'TRIGGER_FAILED',
    data: { when: 'before', action: 'up', where: 'on this host', reason: 'exit code 4\nno port' },
  });
  expect(worked).toBe(false);
});

test('one after it that fails fails the command; with continue it only says so', async () => {
  const after = trigger('exit 1', { when: 'after' });
  await expect(up(labOf(after), async () => 'done')).rejects.toMatchObject({
    code: 'TRIGGER_FAILED',
  });
  expect(await up(labOf({ ...after, onError: 'continue' }), async () => 'done')).toBe('done');
  expect(events.filter(({ status }) => status === 'say')).toMatchObject([
    { detail: expect.stringContaining('exit code 1') },
  ]);
});

test('one in machines that are not up is left out, and it says so', async () => {
  const lab = labOf(trigger('sync', { on: ['one'] }));
  expect(await up(lab, async () => 'done')).toBe('done');
  expect(events.filter(({ status }) => status === 'say')).toMatchObject([
    { machine: 'one', detail: 'not run, for the machine is not up: sync' },
  ]);
});

test('a plan has those of the action, with the machines it is about', () => {
  const lab = labOf(
    trigger('a', { when: 'after', on: ['one', 'two'] }),
    trigger('b', { actions: ['halt', 'up'] }),
    trigger('c', { actions: ['halt'] }),
  );
  expect(triggersOf(lab, 'up', ['two'])).toEqual([
    { when: 'before', run: 'b' },
    { when: 'after', run: 'a', on: ['two'] },
  ]);
});
