// examples/cluster as its README has it: provisioned by Puppet, edited here, run there, broken and rolled back.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { poll } from '../../packages/skerry/src/util/poll.ts';
import type { Running } from './support/cli.ts';
import { testLab, type TestLab } from './support/lab.ts';

const EXAMPLE = fileURLToPath(new URL('../../examples/cluster', import.meta.url));
const MEMBERS = ['red', 'green', 'blue'];
const GREETER = 'app/greeter.rb';

interface Event {
  readonly kind: string;
  readonly outcome?: string;
  readonly result?: { daemon: string; machine: string; how: string; error?: { message: string } };
}

let lab: TestLab;
let original: string;
const save = (from: string, to: string): Promise<void> =>
  writeFile(join(lab.dir, GREETER), original.replace(from, to));
const all = (greeting: (name: string) => string): Record<string, string> =>
  Object.fromEntries(MEMBERS.map((name) => [name, greeting(name)]));

/** What each member serves. */
async function served(): Promise<Record<string, string>> {
  const asked = MEMBERS.map(async (name) => {
    const words = ['exec', '--on', name, '--', 'busybox', 'wget', '-qO-', 'http://localhost:8080/'];
    return [name, (await lab.ok(words)).trim()] as const;
  });
  return Object.fromEntries(await Promise.all(asked));
}

/** What `hack` tells until something ends like that; each call goes on where the last one ended. */
function follow(hack: Running): (outcome: string) => Promise<Event[]> {
  let read = 0;
  return (outcome) =>
    poll(
      () => {
        const lines = hack.said.stdout.split('\n').slice(0, -1);
        const events = lines.slice(read).map((line) => JSON.parse(line) as Event);
        const end = events.findIndex((event) => event.kind === 'end' && event.outcome === outcome);
        if (end < 0) return undefined;
        read += end + 1;
        return events.slice(0, end + 1);
      },
      {
        timeoutMs: 120_000,
        intervalMs: 100,
        onTimeout: () => new Error(`no end '${outcome}': ${hack.said.stdout}${hack.said.stderr}`),
      },
    );
}
/** Daemons that were started; etcd, which has no `watch`, is not for a change. */
const started = (events: readonly Event[]): string[] =>
  events
    .flatMap(({ result }) => (result && result.how !== 'kept' ? [result] : []))
    .map(({ daemon, machine }) => `${daemon} ${machine}`)
    .sort();

beforeAll(async () => {
  lab = await testLab(EXAMPLE);
  original = await readFile(join(lab.dir, GREETER), 'utf8');
});
afterAll(async () => {
  await lab[Symbol.asyncDispose]();
});

test('up makes a cluster of three, and its trigger finds all of them healthy', async () => {
  const { code, stdout, stderr } = await lab.skerry(['up'], { timeoutMs: 900_000 });
  expect(code, stdout + stderr).toBe(0);
  const members = await lab.ok(['exec', '--on', 'green', '--', 'etcdctl', 'member', 'list']);
  expect(members.match(/started, (?:red|green|blue), /g)).toHaveLength(3);
  expect(await lab.ok(['exec', '--on', 'blue', '--', 'etcdctl', 'get', 'greeting'])).toBe(
    'greeting\ngood morning\n',
  );
});

test('provisioned again, Puppet finds nothing to change', async () => {
  const words = ['provision', '--only', 'etcd', '--json'];
  const { steps } = JSON.parse(await lab.ok(words, { timeoutMs: 900_000 })) as {
    steps: { machine: string; changed: number }[];
  };
  expect(Object.fromEntries(steps.map(({ machine, changed }) => [machine, changed]))).toEqual({
    red: 0,
    green: 0,
    blue: 0,
  });
});

test('the daemons start, and serve what the cluster keeps', async () => {
  await lab.ok(['daemons', 'start']);
  expect(await served()).toEqual(all((name) => `${name} says good morning`));
});

test('hack: a change is served by all, one that is broken is rolled back, one that was away catches up', async () => {
  const hack = lab.start(['hack', '--json'], { timeoutMs: 600_000 });
  // Also where this fails: nothing of it is in the way of what comes next.
  onTestFinished(async () => {
    hack.child.kill('SIGINT');
    await hack.ended;
  });
  const next = follow(hack);
  await next('started');

  await save('says', 'sings');
  expect(started(await next('runs'))).toEqual(['greeter blue', 'greeter green', 'greeter red']);
  expect(await served()).toEqual(all((name) => `${name} sings good morning`));

  await save('def page', 'def page(');
  const broken = await next('rolled-back');
  const messages = broken.flatMap(({ result }) => result?.error?.message ?? []);
  expect(messages.join('\n')).toMatch(
    /greeter on red ended at once .*\n(?:.*\n)*.*greeter\.rb:\d+: syntax error/,
  );
  expect(await served()).toEqual(all((name) => `${name} sings good morning`));

  await lab.ok(['halt', 'blue']);
  await save('says', 'shouts');
  expect(started(await next('runs'))).toEqual(['greeter green', 'greeter red']);
  await lab.ok(['up']);
  // Also etcd, where the boot has not come to it yet.
  expect(started(await next('started'))).toContain('greeter blue');
  expect(await served()).toEqual(all((name) => `${name} shouts good morning`));
});

test('destroyed, it comes back as it was provisioned', async () => {
  await lab.ok(['destroy', '--yes']);
  const { code, stdout, stderr } = await lab.skerry(['up']);
  expect(code, stdout + stderr).toBe(0);
  expect(stdout).toMatch(/3 machines as provisioned before/);
  await lab.ok(['daemons', 'start']);
  expect(await served()).toEqual(all((name) => `${name} shouts good morning`));
  await lab.destroyWhole();
});
