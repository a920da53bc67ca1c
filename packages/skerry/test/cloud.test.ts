import { connect as dial } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { connect } from '@skerry/libvirt';
import type { LiveMessage } from '../src/cloud/central/http/live.ts';
import { vmId, type VmState } from '../src/cloud/entity.ts';
import { startTestCloud, type TestCloud } from './support/cloud.ts';

// The same over each bus: what is asked for is done, whatever carries the words.
describe.each(['local', 'xmpp'] as const)('over the bus %s', (bus) => {
  let cloud: TestCloud;
  let vm: VmState;

  beforeAll(async () => {
    cloud = await startTestCloud(['hv1'], undefined, {}, bus);
    const found = cloud.central.registry.findVm('test');
    if (Array.isArray(found)) throw new Error('the test driver has no machine test');
    vm = found as VmState;
  });
  afterAll(() => cloud[Symbol.asyncDispose]());

  test("libvirt's machines are there with their state", () => {
    expect(vm).toMatchObject({ name: 'test', hypervisor: 'hv1', state: 'running', managed: false });
  });

  test('a verb by REST reaches libvirt, and its event comes back', async () => {
    const answer = await cloud.call('ann', 'POST', '/api/v1/vms/test/suspend');
    expect(answer).toEqual({ status: 200, body: {} });
    await cloud.until(vm.id, (each) => each?.kind === 'vm' && each.state === 'paused');
    const resumed = await cloud.call('ann', 'POST', '/api/v1/vms/test/resume');
    expect(resumed.status).toBe(200);
    const after = await cloud.until(
      vm.id,
      (each) => each?.kind === 'vm' && each.state === 'running',
    );
    expect(after).toMatchObject({ task: null, lastChange: { verb: 'resume', by: 'ann' } });
  });

  test("what somebody does with libvirt's own tools is seen as well", async () => {
    await using connection = await connect(cloud.daemon.uri('test:///default'));
    const domain = await connection.domain('test');
    await domain.destroy();
    await cloud.until(vm.id, (each) => each?.kind === 'vm' && each.state === 'shutoff');
    await domain.start();
    await cloud.until(vm.id, (each) => each?.kind === 'vm' && each.state === 'running');
  });

  test('who may not is told what is missing, by the agent itself', async () => {
    expect((await cloud.call('ben', 'POST', '/api/v1/vms/test/destroy')).status).toBe(404);
    cloud.central.policies.setGrant('user:ben', vm.id, ['info']);
    const denied = await cloud.call('ben', 'POST', '/api/v1/vms/test/destroy');
    expect(denied).toMatchObject({ status: 403, body: { error: { permission: 'destroy' } } });
    expect(denied.body.error?.message).toContain("'destroy' is missing: here ben has info");
    expect((await cloud.call('ben', 'POST', '/api/v1/vms/test/info')).status).toBe(200);
  });

  test('what makes no sense now is refused in words', async () => {
    const answer = await cloud.call('ann', 'POST', '/api/v1/vms/test/create');
    expect(answer).toMatchObject({ status: 409, body: { error: { code: 'conflict' } } });
    expect(answer.body.error?.message).toBe(
      'test is running: to start it must be shutoff or crashed',
    );
  });

  test('a machine is made, tagged, cloned and deleted', async () => {
    const made = await cloud.call('ann', 'POST', '/api/v1/hypervisors/hv1/alloc', {
      name: 'web',
      diskGiB: 0,
      tags: ['blue'],
    });
    expect(made).toMatchObject({ status: 200, body: { name: 'web' } });
    const id = vmId(made.body['uuid'] as string);
    await cloud.until(id, (each) => each?.tags.join() === 'blue');
    await cloud.call('ann', 'POST', '/api/v1/vms/web/settags', { tags: ['green', 'db:main'] });
    const tagged = await cloud.until(id, (each) => each?.tags.join() === 'green,db:main');
    expect(tagged).toMatchObject({ managed: true, state: 'shutoff' });
    const clone = await cloud.call('ann', 'POST', '/api/v1/vms/web/clone', { name: 'web2' });
    expect(clone.body).toMatchObject({ name: 'web2' });
    for (const name of ['web', 'web2'])
      expect((await cloud.call('ann', 'POST', `/api/v1/vms/${name}/free`)).status).toBe(200);
    await cloud.until(id, (each) => each === undefined);
  });

  test('bad parameters are named, all of them', async () => {
    const answer = await cloud.call('ann', 'POST', '/api/v1/hypervisors/hv1/alloc', {
      name: 'a b',
      memoryMiB: -1,
    });
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatchObject({
      fields: [{ path: 'name' }, { path: 'memoryMiB' }],
    });
  });

  test.each(['-x', '5d3c2b1a-0000-4000-8000-000000000001'])(
    'no machine is called %s',
    async (name) => {
      const xml = `<domain type='test'><name>${name}</name><memory>65536</memory><os><type>hvm</type></os></domain>`;
      for (const params of [{ name, diskGiB: 0 }, { xml }]) {
        const answer = await cloud.call('ann', 'POST', '/api/v1/hypervisors/hv1/alloc', params);
        expect(answer.status).toBe(400);
        expect(answer.body.error?.message).toContain("no '-' at its beginning, and no uuid");
      }
    },
  );

  test('a definition of another machine is refused', async () => {
    const post = (verb: string, body: object) =>
      cloud.call('ann', 'POST', `/api/v1/vms/test/${verb}`, body);
    const xml = String((await post('xmldesc', { inactive: true })).body['xml']);
    const named = await post('define', { xml: xml.replace('<name>test<', '<name>other<') });
    expect(named).toMatchObject({ status: 409, body: { error: { code: 'conflict' } } });
    expect(named.body.error?.message).toBe("this definition is of 'other', and not of test");
    const other = xml.replace(/<uuid>.*</, '<uuid>5d3c2b1a-0000-4000-8000-000000000001<');
    expect((await post('define', { xml: other })).body.error?.message).toContain('stays');
    const plain = xml.replace(vm.uuid, vm.uuid.replaceAll('-', '').toUpperCase());
    expect((await post('define', { xml: plain })).status).toBe(200);
  });

  test.each([
    [
      '<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><domain>&y;</domain>',
      'a DOCTYPE is not allowed',
    ],
    ['<domain type="test"><name>x</name>', 'line 1, column'],
    ['<network><name>x</name></network>', 'a <domain> was expected'],
  ])('XML %s is refused', async (xml, message) => {
    const answer = await cloud.call('ann', 'POST', '/api/v1/hypervisors/hv1/alloc', { xml });
    expect(answer.status).toBe(400);
    expect(answer.body.error?.message).toContain(message);
  });

  test('parts of the host need a permission of their own', async () => {
    cloud.central.policies.setGrant('user:cleo', 'hypervisor:hv1', ['alloc']);
    const xml = `<domain type='test'><name>spy</name><memory unit='MiB'>64</memory><os><type>hvm</type></os>
    <devices><hostdev mode='subsystem' type='pci'/><disk type='file'><source file='/etc/shadow'/><target dev='vda'/></disk></devices></domain>`;
    const answer = await cloud.call('cleo', 'POST', '/api/v1/hypervisors/hv1/alloc', { xml });
    expect(answer).toMatchObject({ status: 403, body: { error: { permission: 'define_host' } } });
    expect(answer.body.error?.message).toContain('/etc/shadow');
    expect(answer.body.error?.message).toContain('hostdev');
  });

  test('whoever has a machine has no part of its host by that', async () => {
    const made = await cloud.call('cleo', 'POST', '/api/v1/hypervisors/hv1/alloc', {
      name: 'mine',
      diskGiB: 0,
    });
    const uuid = made.body['uuid'] as string;
    const definition = (await cloud.call('cleo', 'POST', `/api/v1/vms/${uuid}/xmldesc`)).body[
      'xml'
    ];
    const xml = String(definition).replace(
      /<devices>|<devices\/>/,
      "<devices><disk type='file'><source file='/etc/shadow'/><target dev='vdz'/></disk>",
    );
    const answer = await cloud.call('cleo', 'POST', `/api/v1/vms/${uuid}/define`, { xml });
    expect(answer).toMatchObject({ status: 403, body: { error: { permission: 'define_host' } } });
    expect((await cloud.call('cleo', 'POST', `/api/v1/vms/${uuid}/free`)).status).toBe(200);
  });

  test('whoever sets tags gets no permissions by that', async () => {
    const { policies } = cloud.central;
    policies.setGrant('user:ben', vm.id, ['info', 'settags']);
    policies.setGrant('user:ben', 'tag:loose', ['destroy', 'info']);
    const set = (tags: string[]) => cloud.call('ben', 'POST', '/api/v1/vms/test/settags', { tags });
    const answer = await set(['loose']);
    expect(answer).toMatchObject({ status: 403, body: { error: { permission: 'destroy' } } });
    expect((await set(['harmless'])).status).toBe(200);
    // Nor by a tag that has the end of its attribute in it, which is written when something else is set.
    policies.setGrant('user:ben', vm.id, ['info', 'xmldesc', 'define', 'manage']);
    const post = (verb: string, body: object) =>
      cloud.call('ben', 'POST', `/api/v1/vms/test/${verb}`, body);
    const { xml } = (await post('xmldesc', { inactive: true })).body;
    const asked = { xml: String(xml).replace('harmless', 'harmless loose&quot; x=&quot;') };
    expect(asked.xml).toContain('loose&quot;');
    expect((await post('define', asked)).status).toBe(200);
    expect((await post('manage', {})).status).toBe(200);
    await cloud.until(vm.id, (each) => each?.kind === 'vm' && each.managed);
    expect(cloud.central.registry.get(vm.id)?.tags).toEqual(['harmless']);
    expect((await post('destroy', {})).status).toBe(403);
    policies.setGrant('user:ben', 'tag:loose', []);
    policies.setGrant('user:ben', vm.id, ['info']);
  });

  test('every verb is noted, with who and how it went', async () => {
    const { body } = await cloud.call('ann', 'GET', `/api/v1/audit?entity=${vm.id}`);
    const lines = body as unknown as { verb: string; by: { user: string }; outcome: string }[];
    expect(lines.map(({ verb, by, outcome }) => `${by.user} ${verb} ${outcome}`)).toEqual(
      expect.arrayContaining(['ann suspend done', 'ben destroy denied', 'ann create failed']),
    );
  });

  test('a browser gets all it may see, then each change', async () => {
    const { socket, messages } = await openLive('ben');
    expect(messages[0]).toMatchObject({ type: 'hello', user: 'ben', permissionSets: [['info']] });
    expect(messages[0]?.type === 'hello' && messages[0].entities.map(([{ id }]) => id)).toEqual([
      vm.id,
    ]);
    await cloud.call('ann', 'POST', '/api/v1/vms/test/suspend');
    await expect
      .poll(() =>
        messages.some(
          (m) =>
            m.type === 'entities' &&
            m.changed.some(([s]) => s.kind === 'vm' && s.state === 'paused'),
        ),
      )
      .toBe(true);
    await cloud.call('ann', 'POST', '/api/v1/vms/test/resume');
    socket.terminate();
  });

  test('whose rights change is told what that changes, and nobody else anything', async () => {
    const { policies } = cloud.central;
    const [ann, ben] = await Promise.all(['ann', 'ben'].map(openLive));
    policies.setGrant('user:cleo', vm.id, ['info']);
    policies.setGrant('user:ben', vm.id, ['info', 'create']);
    policies.setGrant('user:ben', 'hypervisor:hv1', ['nodeinfo']);
    policies.setGrant('user:ben', vm.id, []);
    policies.setGrant('user:ben', 'hypervisor:hv1', []);
    policies.setGrant('user:ben', vm.id, ['info']);
    await expect.poll(() => ben?.messages.length).toBe(7);
    expect(ben?.messages.slice(1).map(told)).toEqual([
      'vm create info',
      'hypervisor nodeinfo, vm create info nodeinfo',
      'vm nodeinfo',
      'gone hypervisor, gone vm',
      'lamp hv1',
      'vm info',
    ]);
    expect(ann?.messages.map(told)).toEqual(['hello']);
    policies.setGrant('user:cleo', vm.id, []);
    for (const each of [ann, ben]) each?.socket.terminate();
  });

  test('who saw a machine hears that it was deleted, and by whom', async () => {
    const { policies } = cloud.central;
    policies.setGrant('user:ben', 'hypervisor:hv1', ['nodeinfo']);
    await cloud.call('ann', 'POST', '/api/v1/hypervisors/hv1/alloc', { name: 'brief', diskGiB: 0 });
    const { socket, messages } = await openLive('ben');
    const brief = cloud.central.registry.findVm('brief') as VmState;
    await cloud.call('ann', 'POST', '/api/v1/vms/brief/free');
    await expect.poll(() => messages.map(told)).toContain('gone vm');
    // The agent's line may come long after: its disks were deleted, too.
    const about = { entity: brief.id, name: 'brief', hypervisor: 'hv1', verb: 'late', params: {} };
    const by = { user: 'ann', via: 'web' } as const;
    cloud.central.note({
      ...{ ...about, id: 'late', by, at: 1, outcome: 'done', message: '', durationMs: 1 },
    });
    await expect
      .poll(() => messages.some((each) => each.type === 'audit' && each.entry.id === 'late'))
      .toBe(true);
    policies.setGrant('user:ben', 'hypervisor:hv1', []);
    socket.terminate();
  });

  test('a stranger gets nothing', async () => {
    const response = await fetch(`${cloud.server.url}/api/v1/vms`);
    expect(response.status).toBe(401);
    const socket = new WebSocket(`${cloud.server.url.replace('http', 'ws')}/api/v1/live`);
    const [error] = await new Promise<[Error]>((resolve) =>
      socket.once('error', (e) => resolve([e])),
    );
    expect(error.message).toContain('401');
  });

  test('another site can do nothing with the cookie of a user', async () => {
    const session = cloud.central.users.issue('ann', 'session');
    const cookie = `skerry=${session}`;
    const url = `${cloud.server.url}/api/v1/vms/test/suspend`;
    const plain = await fetch(url, { method: 'POST', headers: { cookie } });
    expect(plain.status).toBe(403);
    const headers = { cookie, 'x-skerry': '1', origin: 'https://evil.example' };
    expect((await fetch(url, { method: 'POST', headers })).status).toBe(403);
  });

  test('a machine talks, and tells strangers nothing', async () => {
    const say = async (user: string, text: string): Promise<unknown> =>
      (await cloud.call(user, 'POST', '/api/v1/vms/test/chat', { text })).body['text'];
    expect(await say('ann', 'How are you?')).toMatch(/^I'm running on hv1/);
    expect(await say('ann', 'pause')).toBe("I'm paused.");
    expect(await say('ann', 'start')).toBe(
      "I can't: test is paused: to start it must be shutoff or crashed",
    );
    expect(await say('ann', 'Resume!')).toBe("I'm running again.");
    expect(await say('ann', 'help')).toContain('reboot: ask the guest to reboot');
    expect(await say('ben', 'destroy')).toContain("I don't talk to people I don't know");
  });

  test('the doctor looks at every part, and says what to do', async () => {
    const { body } = await cloud.call('ann', 'GET', '/api/v1/doctor');
    const checks = body as unknown as { name: string; state: string; remedy?: string }[];
    const states = Object.fromEntries(checks.map(({ name, state }) => [name, state]));
    expect(states).toMatchObject({
      hypervisors: 'ok',
      'hv1: bus': 'ok',
      'hv1: clock': 'ok',
      'hv1: libvirt': 'ok',
      'hv1: pool': 'ok',
      'hv1: network': 'ok',
      'hv1: migration': 'note',
      machines: 'ok',
    });
    for (const { state, remedy } of checks)
      if (state !== 'ok') expect(remedy).toEqual(expect.any(String));
    expect((await cloud.call('ben', 'GET', '/api/v1/doctor')).status).toBe(403);
  });

  test('a machine is parked and brought back', async () => {
    await cloud.call('ann', 'POST', '/api/v1/hypervisors/hv1/alloc', { name: 'boat', diskGiB: 0 });
    const refused = await cloud.call('ann', 'POST', '/api/v1/vms/test/park');
    expect(refused.body.error?.message).toContain('shut it down first');
    await cloud.call('ann', 'POST', '/api/v1/vms/boat/autostart', { on: true });
    expect((await cloud.call('ann', 'POST', '/api/v1/vms/boat/park')).status).toBe(200);
    const [parked] = cloud.central.parking.list();
    expect(parked).toMatchObject({ name: 'boat', hypervisor: 'hv1', parkedBy: 'ann' });
    await cloud.until(vmId(parked?.uuid ?? ''), (each) => each === undefined);
    const listed = await cloud.call('ann', 'POST', '/api/v1/central/parked');
    expect(listed.body).toMatchObject({ machines: [{ name: 'boat', uuid: parked?.uuid }] });
    const unknown = await cloud.call('ann', 'POST', '/api/v1/central/unpark', { machine: 'ship' });
    expect(unknown.body.error).toMatchObject({ message: 'no parked machine is called ship' });
    const back = await cloud.call('ann', 'POST', '/api/v1/central/unpark', {
      machine: parked?.name,
    });
    expect(back).toEqual({ status: 200, body: { hypervisor: 'hv1' } });
    const boat = await cloud.until(
      vmId(parked?.uuid ?? ''),
      (each) => each?.kind === 'vm' && each.autostart,
    );
    expect(cloud.central.parking.list()).toEqual([]);
    // Nobody sees how it came along.
    const { body } = await cloud.call('ann', 'POST', '/api/v1/vms/boat/xmldesc', {});
    expect(body['xml']).not.toContain('autostart');
    // Where it is not known whether it was brought back, its definition is kept until something is done to it.
    if (boat.kind === 'vm') cloud.central.parking.add(boat, '<domain/>', 'ann');
    await cloud.call('ann', 'POST', '/api/v1/vms/boat/xmldesc', {});
    expect(cloud.central.parking.list()).toHaveLength(1);
    await cloud.call('ann', 'POST', '/api/v1/vms/boat/autostart', { on: false });
    expect(cloud.central.parking.list()).toEqual([]);
    await cloud.call('ann', 'POST', '/api/v1/vms/boat/free');
  });

  test('whatever breaks parking off, and whoever does it besides, the definition is somewhere', async () => {
    const ann = { user: 'ann', via: 'rest' } as const;
    const made = await cloud.call('ann', 'POST', '/api/v1/hypervisors/hv1/alloc', {
      ...{ name: 'ferry', diskGiB: 0 },
    });
    const id = vmId(String(made.body['uuid']));
    await using connection = await connect(cloud.daemon.uri('test:///default'));
    for (let turn = 0; turn < 12; turn++) {
      const ferry = await cloud.until(id, (each) => each !== undefined);
      const broken = new AbortController();
      const replies = [0, 1].map(() =>
        cloud.central.perform(ferry, 'park', {}, ann, { signal: broken.signal }),
      );
      setTimeout(() => broken.abort(), turn * 3);
      const [first, second] = await Promise.all(replies);
      expect([first?.ok, second?.ok]).not.toEqual([true, true]);
      const kept = cloud.central.parking.list().some(({ name }) => name === 'ferry');
      const defined = (await connection.domains()).some(({ name }) => name === 'ferry');
      expect(kept || defined).toBe(true);
      if (defined) continue;
      await cloud.until(id, (each) => each === undefined);
      const listed = await cloud.call('ann', 'GET', '/api/v1/parked');
      expect(listed.body).toMatchObject([{ name: 'ferry' }]);
      await cloud.call('ann', 'POST', '/api/v1/central/unpark', { machine: 'ferry' });
    }
    await cloud.call('ann', 'POST', '/api/v1/vms/ferry/free');
  });

  test('a password comes back from parking with its machine, and is shown to nobody', async () => {
    await using connection = await connect(cloud.daemon.uri('test:///default'));
    await connection.defineDomain(
      `<domain type='test'><name>vault</name><memory>1024</memory><os><type>hvm</type></os><devices>
       <graphics type='vnc' passwd='sesame'/></devices></domain>`,
    );
    const { uuid } = await connection.domain('vault');
    await cloud.until(vmId(uuid), (each) => each !== undefined);
    await cloud.call('ann', 'POST', '/api/v1/vms/vault/park');
    await cloud.until(vmId(uuid), (each) => each === undefined);
    await cloud.call('ann', 'POST', '/api/v1/central/unpark', { machine: 'vault' });
    const back = await connection.domain('vault');
    expect(await back.xml({ secure: true })).toContain('sesame');
    const shown = await cloud.call('ann', 'POST', '/api/v1/vms/vault/xmldesc');
    expect(JSON.stringify(shown.body)).not.toContain('sesame');
    expect(JSON.stringify(cloud.central.audit.list({ limit: 20 }))).not.toContain('sesame');
    await back.undefine();
  });

  test('an upgrade without a path ends nothing', async () => {
    const { port, hostname } = new URL(cloud.server.url);
    const socket = dial(Number(port), hostname);
    socket.end('GET // HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    const said = (await socket.setEncoding('utf8').toArray()).join('');
    expect(said).toMatch(/^HTTP\/1\.1 400 /);
    expect((await cloud.call('ann', 'GET', '/api/v1/parked')).status).toBe(200);
  });

  test('what is scheduled may be said as on the command line', async () => {
    const job = { verb: 'pause', at: '2099-01-01T00:00:00Z' };
    const { body } = await cloud.call('ann', 'POST', '/api/v1/vms/test/schedule', job);
    const { id } = cloud.central.registry.findVm('test') as VmState;
    const [kept] = cloud.central.schedule.of(id);
    expect(kept).toMatchObject({ id: body['job'], verb: 'suspend' });
    await cloud.call('ann', 'POST', '/api/v1/vms/test/unschedule', { job: body['job'] });
  });

  async function openLive(user: string) {
    const session = cloud.central.users.issue(user, 'session');
    const socket = new WebSocket(`${cloud.server.url.replace('http', 'ws')}/api/v1/live`, {
      headers: { cookie: `skerry=${session}` },
    });
    const messages: LiveMessage[] = [];
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as LiveMessage;
      if (message.type !== 'beat') messages.push(message);
    });
    await new Promise((resolve) => socket.once('message', resolve));
    return { socket, messages };
  }

  let sets: readonly (readonly string[])[] = [];
  /** A message in short: what one may do with what. */
  function told(message: LiveMessage): string {
    if (message.type === 'lamp') return `lamp ${message.lamp.hypervisor}`;
    if (message.type !== 'entities') return message.type;
    sets = message.permissionSets ?? sets;
    const changed = message.changed.map(([{ kind }, set]) => `${kind} ${sets[set]?.join(' ')}`);
    const gone = message.removed.map((id) => `gone ${id.split(':')[0]}`);
    return [...changed, ...gone].toSorted().join(', ');
  }
});
