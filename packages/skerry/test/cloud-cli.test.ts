// `skerry vm` and `skerry hypervisor` as one types them, against a cloud.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { saveAccess } from '../src/cloud/client/rest-client.ts';
import { startTestCloud, type TestCloud } from './support/cloud.ts';
import { runIn, type Said } from './support/run-skerry.ts';

let cloud: TestCloud;

beforeAll(async () => {
  cloud = await startTestCloud(['hv1']);
});
afterAll(() => cloud[Symbol.asyncDispose]());

function skerry(...words: string[]): Promise<Said> {
  return as(access(), ...words);
}

function access(): { SKERRY_CLOUD: string; SKERRY_CLOUD_TOKEN: string } {
  const token = cloud.central.users.issue('ann', 'token');
  return { SKERRY_CLOUD: cloud.server.url, SKERRY_CLOUD_TOKEN: token };
}

function as(env: NodeJS.ProcessEnv, ...words: string[]): Promise<Said> {
  return runIn(cloud.dir, words, {
    env: { SKERRY_STATE_DIR: cloud.dir, ...env },
    timeoutMs: 60_000,
  });
}

test('machines are listed, for people and for programs', async () => {
  const { stdout } = await skerry('vm', 'list');
  expect(stdout).toMatch(/^NAME +STATE +HYPERVISOR .*\ntest +running +hv1 /);
  const json = await skerry('vm', 'list', '--json');
  expect(JSON.parse(json.stdout)).toMatchObject([{ name: 'test', hypervisor: 'hv1' }]);
});

test('a definition comes from a file, since arguments are seen by others', async () => {
  const { stdout } = await skerry('vm', 'xml', 'test', '--inactive');
  const changed = stdout
    .replace(/<vcpu.*<\/vcpu>/, '<vcpu>1</vcpu>')
    .replace(/<title>.*<\/title>/, '');
  const file = join(cloud.dir, 'test.xml');
  await writeFile(file, changed.replace('</name>', '</name><title>from a file</title>'));
  expect(await skerry('vm', 'define', 'test', '--xml', file)).toMatchObject({
    code: 0,
    stderr: '',
  });
  expect((await skerry('vm', 'xml', 'test', '--inactive')).stdout).toContain(
    '<title>from a file</title>',
  );
  const missing = await skerry('vm', 'define', 'test', '--xml', 'nope.xml');
  expect(missing.code).toBe(2);
  expect(missing.stderr).toMatch(
    /'nope.xml' cannot be read: ENOENT.*\nhint: .*skerry vm define --help/,
  );
});

test('what is typed wrong leads to the help of that very command', async () => {
  const { code, stderr } = await skerry('hypervisor', 'create-vm', 'hv1', '--memory', '64');
  expect(code).toBe(2);
  expect(stderr).toContain('hint: see skerry hypervisor create-vm --help');
  const few = await skerry('hypervisor', 'create-vm', 'hv1', '--vcpus', '0');
  expect(few.stderr).toContain('vcpus: it must be at least 1');
  const { stdout } = await skerry('hypervisor', 'create-vm', '--help');
  expect(stdout).toMatch(/--memory-mib <value> +MiB$/m);
});

test('each example of the help is a line one could type: no word of it is a placeholder', async () => {
  // The reference is made from the help, and checked against it.
  const reference = join(import.meta.dirname, '../../../docs/reference/commands.md');
  const text = await readFile(reference, 'utf8');
  const examples = text.match(/^\$ skerry (?:vm|hypervisor|cloud) .*/gm) ?? [];
  expect(examples.length).toBeGreaterThan(60);
  expect(examples.filter((line) => /\b[A-Z]{3,}\b/.test(line))).toEqual([]);
});

test('half an access is refused: nobody becomes somebody else as a secret is missing', async () => {
  await keep('dev', access().SKERRY_CLOUD_TOKEN);
  expect((await as({}, 'vm', 'list')).stdout).toContain('test');
  for (const [env, missing] of [
    [{ SKERRY_CLOUD_TOKEN: 'bad' }, 'SKERRY_CLOUD'],
    [{ SKERRY_CLOUD_TOKEN: '' }, 'SKERRY_CLOUD_TOKEN'],
    [{ ...access(), SKERRY_CLOUD_TOKEN: '' }, 'SKERRY_CLOUD_TOKEN'],
    [{ SKERRY_CLOUD: cloud.server.url }, 'SKERRY_CLOUD_TOKEN'],
    [{ ...access(), SKERRY_CLOUD: '' }, 'SKERRY_CLOUD'],
  ] as const) {
    const { code, stderr } = await as(env, 'vm', 'list');
    expect([code, stderr]).toEqual([2, expect.stringContaining(`and ${missing} is not set`)]);
  }
});

test('of several clouds on this machine one says which; one that is gone is none', async () => {
  await keep('dev', access().SKERRY_CLOUD_TOKEN);
  await keep('gone', 'x', 'http://127.0.0.1:1');
  expect((await as({}, 'vm', 'list')).stdout).toContain('test');
  await keep('two', 'x');
  const { code, stderr } = await as({}, 'vm', 'list');
  expect([code, stderr]).toEqual([
    2,
    expect.stringMatching(/several .*: dev, two\n.*SKERRY_CLOUD=dev/),
  ]);
  expect((await as({ SKERRY_CLOUD: 'dev' }, 'vm', 'list')).stdout).toContain('test');
  const unknown = await as({ SKERRY_CLOUD: 'three' }, 'vm', 'list');
  expect([unknown.code, unknown.stderr]).toEqual([3, expect.stringContaining('dev, gone, two')]);
});

async function keep(name: string, token: string, url = cloud.server.url): Promise<void> {
  await saveAccess(join(cloud.dir, 'clouds', name, 'access.json'), { url, token });
}

test('a time without a zone is that of whoever typed it', async () => {
  const at = '2030-12-24T20:00';
  const env = { ...access(), TZ: 'America/New_York' };
  await as(env, 'vm', 'schedule', 'test', '--verb', 'suspend', '--at', at);
  const { stdout } = await as(env, 'vm', 'jobs', 'test', '--json');
  expect(stdout).toContain('2030-12-25T01:00:00.000Z');
  // What only looks like one is central's to refuse, and other words stay what they are.
  const wrong = await as(
    env,
    'vm',
    'schedule',
    'test',
    '--verb',
    'suspend',
    '--at',
    '2030-13-45T99:99',
  );
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('2030-13-45T99:99')]);
  await as(env, 'vm', 'destroy', 'test');
  await as(env, 'vm', 'rename', 'test', '--name', at);
  expect((await as(env, 'vm', 'list')).stdout).toContain(`${at} `);
  await as(env, 'vm', 'rename', at, '--name', 'test');
  await as(env, 'vm', 'start', 'test');
});

test('a password that is asked for and does not come is an error, not an account without one', async () => {
  const { code, stderr } = await skerry('cloud', 'user', 'add', 'eve', '--password');
  expect([code, stderr]).toEqual([2, expect.stringContaining('nothing was read for: Password')]);
  expect((await skerry('cloud', 'user', 'list')).stdout).not.toContain('eve');
});

test('what is wrong has a hint of its own, for programs too', async () => {
  const { stdout, stderr } = await skerry('vm', 'info', 'nope', '--json');
  expect(stdout + stderr).toContain("there is no machine 'nope'");
  expect(stdout + stderr).not.toContain('permission-set');
});

test('a cloud is called like a folder in its place', async () => {
  for (const name of ['../evil', 'a/b', '', '.x']) {
    const { code, stderr } = await skerry('cloud', 'dev', '--name', name);
    expect([code, stderr]).toEqual([2, expect.stringContaining('cannot be called')]);
  }
});
