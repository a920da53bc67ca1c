// Daemons of one lab of two machines: order, restarts, ends, status and logs.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testLab, type TestLab } from './support/lab.ts';

interface Row {
  readonly daemon: string;
  readonly machine: string;
  readonly state: string;
  readonly changed: boolean;
  readonly lastExit?: string;
  readonly pid?: number;
  readonly sinceMs?: number;
  readonly restarts?: number;
  readonly memoryBytes?: number;
  readonly orphan: boolean;
}
interface Result {
  readonly daemon: string;
  readonly machine: string;
  readonly how: string;
  readonly error?: { readonly code: string; readonly message: string };
}
interface Entry {
  readonly machine: string;
  readonly daemon: string;
  readonly atUs: number;
  readonly source: string;
  readonly message: string;
  readonly messageBase64?: string;
}

const SECRET = `s3cret "quoted" 'single' $HOME \\ \`tick\` ünï\nsecond line`;
/** Its file is there a while after it began. */
const DB =
  'rm -f /tmp/db; echo db begins; sleep 2; touch /tmp/db; echo db is ready; exec sleep 1000000';
const API =
  'test -e /tmp/begun || { [ "$(hostname)" = one ] && test ! -e /tmp/db && echo too early; touch /tmp/begun; }; echo api of $NAME; printf "%s" "$TOKEN" >/tmp/token; sleep 1000000';

const config = (api: object = {}, more: object = {}) => ({
  name: 'daemons',
  image: 'debian-12',
  memory: 256,
  machines: { one: { primary: true }, two: {} },
  daemons: {
    api: {
      command: API,
      env: { NAME: 'first', TOKEN: SECRET },
      cwd: '/tmp',
      dependsOn: ['db'],
      ...api,
    },
    db: { on: 'one', command: DB, ready: { file: '/tmp/db' } },
    ssh: { unit: 'ssh', on: 'two' },
    ...more,
  },
});

let lab: TestLab;
const json = async <T>(words: readonly string[]): Promise<T> =>
  JSON.parse((await lab.skerry(['daemons', ...words, '--json'])).stdout) as T;
const status = (): Promise<Row[]> => json<Row[]>(['status']);
const logs = async (words: readonly string[]): Promise<Entry[]> =>
  (await lab.ok(['daemons', 'logs', ...words, '--json']))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Entry);
const sh = (machine: string, command: string): Promise<string> =>
  lab.ok(['exec', '--on', machine, '--', 'sh', '-c', command]);

beforeAll(async () => {
  lab = await testLab(config());
  await lab.ok(['up']);
});
afterAll(async () => {
  await lab[Symbol.asyncDispose]();
});

test('they start when what they depend on is ready, in other machines too', async () => {
  const results = await json<Result[]>(['start', 'api']);
  expect(
    results.map(({ daemon, machine, how }) => `${daemon} ${machine} ${how}`).toSorted(),
  ).toEqual(['api one started', 'api two started', 'db one started']);
  expect(results[0]?.daemon).toBe('db');
  const entries = await logs(['db', 'api', '-n', 'all']);
  // Each machine has a clock of its own.
  const own = (on: string): string[] =>
    entries
      .filter(({ source, machine }) => source === 'daemon' && machine === on)
      .map(({ message }) => message);
  expect(own('one')).toEqual(['db begins', 'db is ready', 'api of first']);
  expect(own('two')).toEqual(['api of first']);
  expect(entries.map(({ atUs }) => atUs)).toEqual(
    entries.map(({ atUs }) => atUs).toSorted((a, b) => a - b),
  );
  for (const { atUs } of entries) expect(Math.abs(atUs / 1000 - Date.now())).toBeLessThan(120_000);
});

test('the environment is as it was written, and nobody sees it in a list of processes', async () => {
  expect(await sh('one', 'cat /tmp/token')).toBe(SECRET);
  const seen = await sh(
    'one',
    "cat /proc/*/cmdline | tr '\\0' ' ' | grep -c s3cre[t]; grep -l s3cre[t] /run/systemd/system/* | wc -l; stat -c %a /run/skerry/daemons/api.env",
  );
  expect(seen).toBe('0\n0\n600\n');
});

test('the status of the lab has them too', async () => {
  const { daemons } = JSON.parse(await lab.ok(['status', '--json'])) as { daemons: Row[] };
  expect(daemons.map(({ daemon, machine }) => `${daemon} ${machine}`)).toEqual(
    (await status()).map(({ daemon, machine }) => `${daemon} ${machine}`),
  );
  // Those that are slow today are silent, never wrong.
  for (const { daemon, state } of daemons)
    expect(['silent', daemon === 'ssh' ? state : 'running']).toContain(state);
  expect(await lab.ok(['status'])).toMatch(/^Daemon: db on one, (running|no answer yet)/m);
});

test('in words, what systemd says is left out where all is well', async () => {
  const said = await lab.ok(['daemons', 'logs', 'db', '-n', 'all']);
  expect(said).toMatch(/^\d\d:\d\d:\d\d one db \| db begins$/m);
  expect(said).not.toContain('Started');
});

test('what runs unchanged is left alone', async () => {
  const before = await status();
  const results = await json<Result[]>(['start']);
  expect(results.filter(({ daemon }) => daemon !== 'ssh').map(({ how }) => how)).toEqual([
    'kept',
    'kept',
    'kept',
  ]);
  expect((await status()).map(({ pid }) => pid).slice(0, 3)).toEqual(
    before.map(({ pid }) => pid).slice(0, 3),
  );
  expect(before.find(({ daemon }) => daemon === 'db')).toMatchObject({
    ...{ machine: 'one', state: 'running', changed: false, restarts: 0, orphan: false },
    ...{ pid: expect.any(Number), sinceMs: expect.any(Number), memoryBytes: expect.any(Number) },
  });
});

test('a changed definition is seen, and taken up by the next start', async () => {
  await lab.write(config({ env: { NAME: 'second', TOKEN: 'x' } }));
  const rows = await status();
  expect(rows.filter(({ changed }) => changed).map(({ daemon }) => daemon)).toEqual(['api', 'api']);
  const results = await json<Result[]>(['start', 'api', '--on', 'two']);
  expect(results.map(({ daemon, how }) => `${daemon} ${how}`)).toEqual(['db kept', 'api changed']);
  expect(await sh('two', 'cat /tmp/token')).toBe('x');
  expect((await logs(['api', '--on', 'two', '-n', '1', '--grep', 'api of']))[0]?.message).toBe(
    'api of second',
  );
});

test('a restart restarts what it names, and nothing else', async () => {
  const before = await status();
  const results = await json<Result[]>(['restart', 'api']);
  expect(results.map(({ machine, how }) => `${machine} ${how}`).toSorted()).toEqual([
    'one changed',
    'two restarted',
  ]);
  const after = await status();
  for (const [at, { daemon, pid }] of after.entries())
    expect(pid === before[at]?.pid).toBe(daemon !== 'api');
});

test('one that ends at once fails with its last lines; systemd tries on, then gives up', async () => {
  await lab.write(
    config(
      {},
      {
        bad: {
          on: 'two',
          command: 'echo about to fail; printf "\\377\\n"; echo at the end >&2; exit 3',
        },
      },
    ),
  );
  const { code, stderr } = await lab.skerry(['daemons', 'start', 'bad']);
  expect(code).toBe(1);
  expect(stderr).toContain(
    'bad on two ended at once (exit code 3)\n  about to fail\n  \uFFFD\n  at the end\n',
  );
  await expect
    .poll(async () => (await status()).find(({ daemon }) => daemon === 'bad'), {
      timeout: 60_000,
      interval: 1000,
    })
    .toMatchObject({
      state: 'failed',
      restarts: 5,
      lastExit: expect.stringContaining('exit code 3'),
    });
  const entry = (await logs(['bad', '--grep', '\uFFFD'])).at(-1);
  expect(entry?.messageBase64).toBe(Buffer.from([255]).toString('base64'));
});

test.each([
  ['a folder that is not there', { cwd: '/nowhere' }, 'its folder /nowhere cannot be entered'],
  [
    'a program that is not there',
    { command: ['/bin/nothing'] },
    'its program /bin/nothing cannot be run',
  ],
  ['a user that is not there', { user: 'nobody2' }, 'there is no user nobody2'],
])('%s is called by name', async (_, change, reason) => {
  await lab.write(config({}, { bad: { on: 'two', command: 'true', ...change } }));
  const [result] = await json<Result[]>(['restart', 'bad']);
  expect(result?.error).toMatchObject({
    code: 'DAEMON_ENDED',
    message: expect.stringContaining(reason),
  });
});

test('one that is not ready in time says so, and what depends on it is not started', async () => {
  const slow = {
    on: 'one',
    command: 'echo still waiting; sleep 1000000',
    ready: { tcp: 9, timeout: 2 },
  };
  const after = { on: 'two', command: 'sleep 1000000', dependsOn: ['slow'] };
  await lab.write(config({}, { slow, after }));
  const { code, stderr } = await lab.skerry(['daemons', 'start', 'after']);
  expect(code).toBe(5);
  expect(stderr).toContain('slow on one runs but is not ready within 2 s: port 9');
  expect(stderr).toContain('\n  still waiting\n');
  expect(stderr).toContain('after on two was not started, for it depends on slow');
});

test('what left the lab file is shown, and stopped with all others', async () => {
  await lab.write(config());
  expect(
    (await status())
      .filter(({ orphan }) => orphan)
      .map(({ daemon, state }) => `${daemon} ${state}`),
  ).toContain('slow running');
  const { stdout } = await lab.skerry(['daemons', 'stop', '--on', 'one']);
  expect(stdout).toContain('slow on one: stopped');
  expect(stdout.indexOf('api on one: stopped')).toBeLessThan(stdout.indexOf('db on one: stopped'));
  const rows = await status();
  expect(rows.filter(({ machine, state }) => machine === 'one' && state !== 'stopped')).toEqual([]);
  expect(await sh('one', 'pgrep -c sleep || true')).toBe('0\n');
});

test('a unit of the machine is driven by the same commands', async () => {
  await lab.ok(['daemons', 'stop', 'ssh']);
  expect((await status()).find(({ daemon }) => daemon === 'ssh')?.state).toBe('stopped');
  await lab.ok(['daemons', 'start', 'ssh']);
  expect((await status()).find(({ daemon }) => daemon === 'ssh')?.state).toBe('running');
  await lab.write(config({}, { ghost: { unit: 'ghost', on: 'one' } }));
  const [result] = await json<Result[]>(['start', 'ghost']);
  expect(result?.error).toMatchObject({ code: 'DAEMON_REFUSED' });
  expect((await status()).find(({ daemon }) => daemon === 'ghost')?.state).toBe('missing');
});

test('they outlive the helper; logs follow it, a machine that starts anew, and end with Ctrl-C', async () => {
  await lab.write(
    config({ dependsOn: [], command: 'echo begun; while sleep 0.5; do echo alive; done' }),
  );
  await lab.ok(['daemons', 'restart', 'api']);
  const before = (await status()).filter(({ daemon }) => daemon === 'api');
  const following = lab.start(['daemons', 'logs', 'api', '-f', '-n', '1']);
  await following.heard(/one api +\| alive/);
  await following.heard(/two api +\| alive/);
  await sh('one', 'pkill -KILL -f guest-helper').catch(() => {});
  await expect
    .poll(
      async () => (await status()).filter(({ daemon }) => daemon === 'api').map(({ pid }) => pid),
      { timeout: 30_000 },
    )
    .toEqual(before.map(({ pid }) => pid));
  await lab.ok(['halt', 'two']);
  expect(
    (await status()).find(({ daemon, machine }) => daemon === 'api' && machine === 'two')?.state,
  ).toBe('off');
  await lab.ok(['up', 'two']);
  await lab.write(config({ dependsOn: [], command: 'echo again on $(hostname); sleep 1000000' }));
  await lab.ok(['daemons', 'start', 'api']);
  await following.heard(/two api +\| again on two/);
  await following.heard(/one api +\| again on one/);
  following.child.kill('SIGINT');
  expect((await following.ended).code).toBe(0);
});

test('logs end with the lab', async () => {
  const following = lab.start(['daemons', 'logs', '-f']);
  await following.heard(/again on one/);
  await lab.ok(['destroy', '--yes']);
  expect((await following.ended).code).toBe(0);
  await lab.destroyWhole();
  const { code, stderr } = await lab.skerry(['daemons', 'start']);
  expect([code, stderr]).toEqual([4, expect.stringContaining('is not running')]);
});
