// People of the cloud: who may log in, what roles and grants give, and who may change that.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { AuditEntry } from '../src/cloud/bus/messages.ts';
import type { LiveMessage } from '../src/cloud/central/http/live.ts';
import type { VmState } from '../src/cloud/entity.ts';
import { VERBS } from '../src/cloud/verbs/table.ts';
import { type Answer, startTestCloud, type TestCloud } from './support/cloud.ts';

const MAIN = join(import.meta.dirname, '..', 'src', 'cli', 'main.ts');
const PASSWORD = 'correct horse battery';

let cloud: TestCloud;
let vm: VmState;

beforeAll(async () => {
  cloud = await startTestCloud(['hv1']);
  vm = cloud.central.registry.findVm('test') as VmState;
});
afterAll(() => cloud[Symbol.asyncDispose]());

const central = (user: string, verb: string, body: object = {}): Promise<Answer> =>
  cloud.call(user, 'POST', `/api/v1/central/${verb}`, body);

test('somebody is added, logs in once by the link, and is who they are', async () => {
  const added = await central('ann', 'user_add', { user: 'dora', roles: ['watcher'] });
  expect(added.status).toBe(200);
  const link = new URL(added.body['link'] as string);
  expect([link.origin, link.pathname, link.search]).toEqual([cloud.server.url, '/', '']);
  const session = await logInByLink(link);
  expect(await asSession(session, 'me')).toMatchObject({
    user: 'dora',
    admin: false,
    roles: ['watcher'],
    hasPassword: false,
  });
  await expect(logInByLink(link)).rejects.toThrow('401');
});

test('a new link makes the one before worthless', async () => {
  const links = [];
  for (let at = 0; at < 2; at += 1)
    links.push(
      new URL((await central('ann', 'user_link', { user: 'dora' })).body['link'] as string),
    );
  const [first, second] = links as [URL, URL];
  await expect(logInByLink(first)).rejects.toThrow('401');
  await logInByLink(second);
});

test("one's password is changed by who knows the old one, and other sessions end at once", async () => {
  await central('ann', 'user_add', { user: 'emil', password: PASSWORD });
  const [here, there] = [await logIn('emil', PASSWORD), await logIn('emil', PASSWORD)];
  const live = await listen(there);
  const body = { oldPassword: 'it was not that', password: 'another good one' };
  expect(await post(here, 'central/password_set', body)).toMatchObject({
    status: 403,
    body: { error: { message: 'the old password is wrong' } },
  });
  expect(live.socket.readyState).toBe(WebSocket.OPEN);
  const changed = await post(here, 'central/password_set', { ...body, oldPassword: PASSWORD });
  expect(changed).toEqual({ status: 200, body: { sessions: 1 } });
  await live.closed;
  expect(await asSession(here, 'me')).toMatchObject({ user: 'emil' });
  await expect(asSession(there, 'me')).rejects.toThrow('401');
  await expect(logIn('emil', PASSWORD)).rejects.toThrow('401');
  await logIn('emil', 'another good one');
});

test('a link may forget the password and end all sessions', async () => {
  const session = await logIn('emil', 'another good one');
  const { body } = await central('ann', 'user_link', { user: 'emil', reset: true });
  await expect(asSession(session, 'me')).rejects.toThrow('401');
  await expect(logIn('emil', 'another good one')).rejects.toThrow('401');
  const fresh = await logInByLink(new URL(body['link'] as string));
  expect((await post(fresh, 'central/password_set', { password: PASSWORD })).status).toBe(200);
});

test('the last administrator stays, and nobody removes themselves', async () => {
  expect((await central('ann', 'user_admin', { user: 'ann', on: false })).body.error?.message).toBe(
    'ann is the last administrator: make somebody else one first',
  );
  expect((await central('ann', 'user_remove', { user: 'ann' })).status).toBe(409);
  expect((await central('ann', 'user_admin', { user: 'emil' })).body).toEqual({
    changes: ['administrators: + emil'],
  });
  expect((await central('emil', 'user_list')).status).toBe(200);
  await central('ann', 'user_admin', { user: 'emil', on: false });
  expect((await central('emil', 'user_list')).status).toBe(403);
});

test('a role is live on the hypervisor: made, changed, renamed, removed', async () => {
  const suspend = () => cloud.call('ben', 'POST', '/api/v1/vms/test/suspend');
  const resume = () => cloud.call('ben', 'POST', '/api/v1/vms/test/resume');
  await central('ann', 'role_set', { role: 'pauser', permissions: ['suspend', 'resume'] });
  await central('ann', 'role_members', { role: 'pauser', users: ['ben'] });
  expect((await suspend()).status).toBe(404);
  await central('ann', 'grant_set', { who: 'role:pauser', scope: 'tag:blue' });
  await cloud.call('ann', 'POST', '/api/v1/vms/test/settags', { tags: ['blue'] });
  await cloud.until(vm.id, (each) => each?.tags.join() === 'blue');
  expect((await suspend()).status).toBe(200);
  expect((await resume()).status).toBe(200);
  const changed = await central('ann', 'role_set', { role: 'pauser', permissions: ['resume'] });
  expect(changed.body).toEqual({ changes: ['role pauser: - suspend'] });
  expect((await suspend()).status).toBe(403);
  await central('ann', 'role_rename', { role: 'pauser', to: 'waker' });
  const roles = (await central('ann', 'role_list')).body['roles'] as { role: string }[];
  expect(roles.find(({ role }) => role === 'waker')).toEqual({
    role: 'waker',
    permissions: ['resume'],
    members: ['ben'],
    scopes: ['tag:blue'],
  });
  const removed = await central('ann', 'role_remove', { role: 'waker' });
  expect(removed.body).toEqual({
    changes: [
      '- role waker: resume',
      '- roles of ben: waker',
      '- role:waker for tag:blue: nothing of its own',
    ],
  });
  expect((await resume()).status).toBe(404);
});

test('why somebody may or may not is told to who may know it', async () => {
  await central('ann', 'grant_set', { who: 'user:ben', scope: vm.id, permissions: ['info'] });
  const why = (who: string, body: object) =>
    cloud.call(who, 'POST', '/api/v1/vms/test/permission_explain', body);
  const asked = await why('ann', { user: 'ben', verb: 'destroy' });
  expect(asked.body['verbs']).toEqual([
    {
      verb: 'destroy',
      permission: 'destroy',
      possible: true,
      allowed: false,
      because: "'destroy' is missing: here ben has info",
    },
  ]);
  expect((await why('ben', { verb: 'info' })).body['verbs']).toMatchObject([{ allowed: true }]);
  expect((await why('ben', { user: 'ann' })).status).toBe(403);
  expect((await central('ann', 'user_sees', { user: 'ben' })).body).toEqual({
    entities: [{ entity: vm.id, name: 'test', permissions: ['info'] }],
  });
});

test('nobody gives what they have not', async () => {
  const permissions = ['info', 'permission_set'];
  await central('ann', 'grant_set', { who: 'user:ben', scope: vm.id, permissions });
  const give = (body: object) => cloud.call('ben', 'POST', '/api/v1/vms/test/permission_set', body);
  expect((await give({ who: 'user:ben', permissions: ['all'] })).status).toBe(403);
  expect((await give({ who: 'role:owner' })).status).toBe(403);
  expect((await give({ who: 'user:cleo', permissions: ['info'] })).body).toEqual({
    changes: [`+ user:cleo for ${vm.id}: info`],
  });
  expect((await give({ who: 'user:cleo' })).status).toBe(200);
});

test('who there is, and what is parked, is shown to who may know it', async () => {
  const names = async (user: string) => (await cloud.call(user, 'GET', '/api/v1/users')).body;
  expect(await names('ben')).toContain('ann');
  expect(await names('cleo')).toEqual(['cleo']);
  expect((await cloud.call('cleo', 'GET', '/api/v1/roles')).body).toEqual({});
  const made = await cloud.call('ann', 'POST', '/api/v1/hypervisors/hv1/alloc', {
    name: 'boat',
    diskGiB: 0,
  });
  const uuid = made.body['uuid'] as string;
  await cloud.call('ann', 'POST', '/api/v1/vms/boat/park');
  const parked = async (user: string) => {
    const { body } = await cloud.call(user, 'GET', '/api/v1/parked');
    return (body as unknown as { name: string }[]).map(({ name }) => name);
  };
  expect([await parked('ann'), await parked('ben'), await parked('cleo')]).toEqual([
    ['boat'],
    [],
    [],
  ]);
  const places = (user: string) => cloud.call(user, 'GET', `/api/v1/parked/${uuid}/places`);
  expect(await places('ann')).toMatchObject({ body: [{ hypervisor: 'hv1', possible: true }] });
  expect((await places('cleo')).status).toBe(404);
  const { messages, socket } = await listen(cloud.central.users.issue('cleo', 'session'));
  expect(messages[0]).toMatchObject({ type: 'hello', parked: [] });
  socket.terminate();
  expect((await central('cleo', 'unpark', { machine: uuid })).status).toBe(404);
  // Who looks for it where machines are is told, if they may know.
  const start = async (user: string) =>
    (await cloud.call(user, 'POST', '/api/v1/vms/boat/create')).body.error;
  expect(await start('ann')).toEqual({
    ...{ code: 'not-found', message: 'boat is parked' },
    hint: 'bring it back: skerry cloud unpark boat',
  });
  expect((await start('cleo'))?.message).toBe("there is no machine 'boat'");
  // Who has the machine brings it back, where machines may be made.
  cloud.central.policies.setGrant('user:cleo', `vm:${uuid}`, ['vmparking_unpark']);
  expect(await parked('cleo')).toEqual(['boat']);
  // Of hypervisors that one does not see nothing is said.
  expect(await places('cleo')).toEqual({ status: 200, body: [] });
  cloud.central.policies.setGrant('user:cleo', 'hypervisor:hv1', ['alloc']);
  expect(await central('cleo', 'unpark', { machine: uuid })).toMatchObject({ status: 200 });
  await cloud.call('ann', 'POST', '/api/v1/vms/boat/free');
  cloud.central.policies.setGrant('user:cleo', 'hypervisor:hv1', []);
});

test('a token is shown once, listed with its last use, and revoked', async () => {
  const made = await central('cleo', 'token_create', { label: 'backup', days: 7 });
  const token = made.body['token'] as string;
  const days = (Date.parse(made.body['expires'] as string) - Date.now()) / 86_400_000;
  expect(days).toBeCloseTo(7, 1);
  const tokens = async (by: string, body = {}): Promise<{ id: string; lastUsed: string }[]> =>
    (await central(by, 'token_list', body)).body['tokens'] as never;
  const id = made.body['id'] as string;
  expect((await tokens('cleo')).find((each) => each.id === id)).toMatchObject({
    label: 'backup',
    lastUsed: '',
  });
  expect(JSON.stringify(await tokens('cleo'))).not.toContain(token);
  const use = () =>
    fetch(`${cloud.server.url}/api/v1/me`, { headers: { authorization: `Bearer ${token}` } });
  expect((await use()).status).toBe(200);
  const [used] = await tokens('ann', { user: 'cleo' });
  expect(Date.now() - Date.parse(used?.lastUsed ?? '')).toBeLessThan(60_000);
  expect((await central('ben', 'token_revoke', { id, user: 'cleo' })).status).toBe(403);
  expect((await central('ben', 'token_revoke', { id })).status).toBe(404);
  expect((await central('cleo', 'token_revoke', { id })).status).toBe(200);
  expect((await use()).status).toBe(401);
});

test('nobody has tokens without end', async () => {
  const { users } = cloud.central;
  for (let at = users.tokens('cleo').length; at < 100; at += 1) users.issue('cleo', 'token', 'x');
  expect(await central('cleo', 'token_create', { label: 'one more' })).toMatchObject({
    status: 409,
    body: { error: { message: 'cleo has 100 tokens: revoke one first' } },
  });
  for (const { id, label } of users.tokens('cleo'))
    if (label === 'x') users.revokeToken('cleo', id);
});

test('who is removed takes everything along', async () => {
  await central('ann', 'user_add', { user: 'finn', roles: ['operator'], password: PASSWORD });
  await central('ann', 'grant_set', { who: 'user:finn', scope: vm.id, permissions: ['all'] });
  const session = await logIn('finn', PASSWORD);
  const live = await listen(session);
  await post(session, 'central/token_create', { label: 'x' });
  const at = new Date(Date.now() + 3_600_000).toISOString();
  await post(session, 'vms/test/schedule', { verb: 'destroy', at });
  const removed = await central('ann', 'user_remove', { user: 'finn' });
  expect(removed.body).toEqual({
    changes: ['- roles of finn: operator', `- user:finn for ${vm.id}: all`],
    sessions: 1,
    tokens: 1,
    jobs: 1,
  });
  await live.closed;
  expect(cloud.central.schedule.of(vm.id)).toEqual([]);
  await expect(asSession(session, 'me')).rejects.toThrow('401');
  await expect(logIn('finn', PASSWORD)).rejects.toThrow('401');
});

test('what was changed is noted: who, what it was, and no secret', async () => {
  const { body } = await cloud.call('ann', 'GET', '/api/v1/audit?entity=central&limit=1000');
  const lines = body as unknown as { verb: string; by: { user: string }; message: string }[];
  expect(lines).toContainEqual(
    expect.objectContaining({ verb: 'role_set', message: 'role pauser: - suspend' }),
  );
  expect(lines).toContainEqual(
    expect.objectContaining({
      verb: 'login',
      by: { user: 'finn', via: 'web' },
      params: { by: 'password' },
    }),
  );
  const text = JSON.stringify(body);
  for (const secret of [PASSWORD, 'another good one', 'it was not that'])
    expect(text).not.toContain(secret);
  const bens = (await cloud.call('ben', 'GET', '/api/v1/audit?entity=central')).body;
  for (const line of bens as unknown as typeof lines) expect(line.by.user).toBe('ben');
});

test.each(VERBS.of('central').filter(({ open }) => !open))(
  '$name is for administrators, or who has that permission for everything',
  async ({ name, permission }) => {
    cloud.central.policies.setGrant('user:cleo', vm.id, ['all']);
    cloud.central.policies.setGrant('user:cleo', 'hypervisor:hv1', ['all']);
    const answer = await central('cleo', name, { user: 'cleo' });
    expect(answer).toMatchObject({ status: 403, body: { error: { permission } } });
    for (const scope of [vm.id, 'hypervisor:hv1'])
      cloud.central.policies.setGrant('user:cleo', scope, []);
  },
);

test('a grant is for what there is, and a machine may be named', async () => {
  const give = (scope: string): Promise<Answer> =>
    central('ann', 'grant_set', { who: 'user:cleo', scope, permissions: ['info'] });
  for (const scope of ['vm:nowhere', 'vm:00000000-0000-4000-8000-000000000000', 'hypervisor:hv9'])
    expect(await give(scope)).toMatchObject({ status: 404 });
  expect((await give('everything')).body.error?.message).toContain('it must be all, vm:NAME');
  expect((await give('vm:test')).body).toEqual({ changes: [`+ user:cleo for ${vm.id}: info`] });
  expect((await central('ann', 'grant_list', {})).body['grants']).toContainEqual({
    ...{ who: 'user:cleo', scope: vm.id, name: 'test', permissions: ['info'] },
  });
  const taken = await central('ann', 'grant_remove', { who: 'user:cleo', scope: 'vm:test' });
  expect(taken.body).toEqual({ changes: [`- user:cleo for ${vm.id}: info`] });
  // A tag may wait for the first that has it.
  expect((await give('tag:later')).status).toBe(200);
  await central('ann', 'grant_remove', { who: 'user:cleo', scope: 'tag:later' });
});

test('who guesses passwords has to wait, and it is seen who was tried', async () => {
  const tried = async (user: string): Promise<number> => {
    const answer = await fetch(`${cloud.server.url}/api/v1/login`, {
      method: 'POST',
      headers: { 'x-skerry': '1', 'content-type': 'application/json' },
      body: JSON.stringify({ user, password: 'a wild guess' }),
    });
    return answer.status;
  };
  const answers: number[] = [];
  for (let i = 0; i < 6; i++) answers.push(await tried('ida'));
  expect(answers).toEqual([401, 401, 401, 401, 401, 429]);
  expect(await tried('somebody else')).toBe(401);
  const { body } = await cloud.call('ann', 'GET', '/api/v1/audit?entity=central');
  const lines = body as unknown as AuditEntry[];
  const failed = lines.filter(({ verb, outcome }) => verb === 'login' && outcome === 'denied');
  expect(failed.filter(({ by }) => by.user === 'ida')).toHaveLength(5);
  expect(failed[0]).toMatchObject({
    by: { user: 'somebody' },
    message: 'the name or the password is wrong, from 127.0.0.1',
  });
  expect(JSON.stringify(lines)).not.toContain('a wild guess');
});

test('the command line does it too, with passwords from standard input', async () => {
  const token = cloud.central.users.issue('ann', 'token');
  const added = await skerry(token, ['user', 'add', 'gwen', '--password'], `${PASSWORD}\n`);
  expect(added).toEqual({ code: 0, stderr: '', stdout: 'Add a user: gwen, done.\n' });
  await logIn('gwen', PASSWORD);
  expect((await skerry(token, ['user', 'roles', 'gwen', '--roles', 'watcher'])).stdout).toBe(
    '+ roles of gwen: watcher\n',
  );
  expect((await skerry(token, ['user', 'list'])).stdout).toMatch(
    /^USER +ADMIN +ROLES.*\n(.*\n)*gwen +no +watcher/m,
  );
  const permissions = 'info nodeinfo snapshot_get drives_get presence screenshot'.split(' ');
  const changes = await skerry(token, ['role', 'set', 'watcher', '--permissions', ...permissions]);
  expect(changes.stdout).toBe('role watcher: + screenshot, - rostervm\n');
  const wrong = await skerry(token, ['role', 'remove', 'none-such', '--yes']);
  expect(wrong.code).toBe(3);
  expect(wrong.stderr).toContain("there is no role 'none-such'; there are: watcher");
  const nobody = await skerry(token, ['user', 'remove', 'nobody', '--yes']);
  expect(nobody.stderr).toContain('hint: see who there is: skerry cloud user list');
  const gwens = cloud.central.users.issue('gwen', 'token');
  const denied = await skerry(gwens, ['user', 'list']);
  expect(denied).toMatchObject({ code: 1, stdout: '' });
  expect(denied.stderr).toContain('skerry cloud grant set user:gwen all --permissions administer');
  const changed = await skerry(
    gwens,
    ['password', '--old-password'],
    `${PASSWORD}\nbrand new one\n`,
  );
  expect(changed).toEqual({
    code: 0,
    stderr: '',
    stdout: 'Your password: done (sessions: 1).\n',
  });
  const unsure = await skerry(token, ['user', 'remove', 'gwen']);
  expect(unsure).toMatchObject({ code: 2, stdout: '' });
  expect(unsure.stderr).toContain('there is no terminal to ask on: add --yes');
  expect(cloud.central.users.exists('gwen')).toBe(true);
  expect((await skerry(token, ['user', 'remove', 'gwen', '--yes'])).stdout).toBe(
    '- roles of gwen: watcher\n- 0 sessions\n- 1 token\n- 0 jobs\n',
  );
});

async function skerry(token: string, words: readonly string[], input = '') {
  const child = spawn(process.execPath, ['--conditions=@skerry/source', MAIN, 'cloud', ...words], {
    env: {
      ...process.env,
      ...{ NO_COLOR: '1', SKERRY_CLOUD: cloud.server.url, SKERRY_CLOUD_TOKEN: token },
    },
    timeout: 30_000,
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

async function logIn(user: string, password: string): Promise<string> {
  return sessionFrom('login', { user, password });
}

async function logInByLink({ hash }: URL): Promise<string> {
  return sessionFrom('login/link', { token: new URLSearchParams(hash.slice(1)).get('login') });
}

/** The cookie's secret. */
async function sessionFrom(path: string, body: object): Promise<string> {
  const response = await fetch(`${cloud.server.url}/api/v1/${path}`, {
    method: 'POST',
    headers: { 'x-skerry': '1' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(String(response.status));
  return /skerry=([\w-]+)/.exec(response.headers.get('set-cookie') ?? '')?.[1] ?? '';
}

async function asSession(session: string, path: string): Promise<unknown> {
  const response = await fetch(`${cloud.server.url}/api/v1/${path}`, {
    headers: { cookie: `skerry=${session}` },
  });
  if (!response.ok) throw new Error(String(response.status));
  return response.json();
}

async function post(session: string, path: string, body: object): Promise<Answer> {
  const response = await fetch(`${cloud.server.url}/api/v1/${path}`, {
    method: 'POST',
    headers: { cookie: `skerry=${session}`, 'x-skerry': '1' },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}

async function listen(session: string) {
  const socket = new WebSocket(`${cloud.server.url.replace('http', 'ws')}/api/v1/live`, {
    headers: { cookie: `skerry=${session}` },
  });
  const messages: LiveMessage[] = [];
  socket.on('message', (data: Buffer) => messages.push(JSON.parse(data.toString()) as LiveMessage));
  const closed = once(socket, 'close', { signal: AbortSignal.timeout(10_000) });
  closed.catch(() => {});
  await once(socket, 'message');
  return { socket, messages, closed };
}
