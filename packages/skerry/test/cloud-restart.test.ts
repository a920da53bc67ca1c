// Central goes away and comes back: agents go on without it, and it knows afterwards what was done meanwhile.
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from '@skerry/libvirt';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StateSnapshot } from '../src/cloud/bus/messages.ts';
import { Central } from '../src/cloud/central/central.ts';
import { vmId, type VmState } from '../src/cloud/entity.ts';
import { poll } from '../src/util/poll.ts';
import { startTestCloud, type TestCloud } from './support/cloud.ts';

describe.each(['local', 'xmpp'] as const)('over the bus %s', (bus) => {
  let cloud: TestCloud;
  let second: Central;
  let vm: VmState;

  beforeAll(async () => {
    cloud = await startTestCloud(['hv1'], undefined, {}, bus);
    vm = cloud.central.registry.findVm('test') as VmState;
    cloud.central.policies.setGrant('user:ben', vm.id, ['suspend', 'message']);
    expect((await cloud.call('ben', 'POST', '/api/v1/vms/test/suspend')).status).toBe(200);
    expect((await cloud.call('ann', 'POST', '/api/v1/vms/test/resume')).status).toBe(200);
    await cloud.server[Symbol.asyncDispose]();
    await cloud.central[Symbol.asyncDispose]();
  });
  afterAll(async () => {
    await second?.[Symbol.asyncDispose]();
    await cloud[Symbol.asyncDispose]();
  });

  test('the agent decides by the last policy, notes what was done, and central catches up', async () => {
    // Somebody on the machine itself, while nobody is central.
    await using libvirt = await connect(cloud.daemon.uri('test:///default'));
    const domain = await libvirt.domain('test');
    await domain.destroy();
    // Whoever stands in for central gets what the policy says, and no more.
    await using stand = await cloud.bus.connect('central-2');
    await poll(
      async () => {
        const { entities } = (await stand.request('hv1', { type: 'sync' })) as StateSnapshot;
        return entities.some(
          (each) => each.id === vm.id && each.kind === 'vm' && each.state === 'shutoff',
        )
          ? true
          : undefined;
      },
      { timeoutMs: 10_000, intervalMs: 5, onTimeout: () => new Error('the agent did not see it') },
    );
    const ask = (verb: string, user: string): Promise<unknown> =>
      stand.request('hv1', {
        type: 'verb',
        id: randomUUID(),
        verb,
        entity: vm.id,
        params: {},
        by: { user, via: 'rest' },
      });
    await expect(ask('create', 'ben')).resolves.toMatchObject({
      ok: false,
      error: { code: 'denied' },
    });
    await expect(ask('create', 'ann')).resolves.toMatchObject({ ok: true });

    second = new Central({
      bus: await cloud.bus.connect('central'),
      stateDir: join(cloud.dir, 'central'),
    });
    const verbs = await poll(
      async () => {
        const lines = second.audit
          .list({ entity: vm.id })
          .map(({ verb, by, outcome }) => `${by.user} ${verb} ${outcome}`);
        return lines.includes('ann create done') ? lines : undefined;
      },
      { timeoutMs: 15_000, intervalMs: 20, onTimeout: () => new Error('central did not catch up') },
    );
    expect(verbs).toEqual(
      expect.arrayContaining([
        'ben suspend done',
        'ann resume done',
        'ben create denied',
        'ann create done',
      ]),
    );
    expect(second.registry.get(vm.id)).toMatchObject({ state: 'running', reason: 'booted' });
    expect(second.registry.isLive('hv1')).toBe(true);
    expect(second.policies.policy.grants).toEqual([
      { who: 'user:ben', scope: vm.id, permissions: ['suspend', 'message'] },
    ]);
  });

  test('what was made and deleted while central was away has the grants and jobs that it should', async () => {
    const ben = { user: 'ben', via: 'rest' } as const;
    const host = second.registry.get('hypervisor:hv1');
    if (!host) throw new Error('hv1 is not known');
    second.policies.setGrant('user:ben', host.id, ['alloc']);
    const alloc = (name: string) => second.perform(host, 'alloc', { name, diskGiB: 0 }, ben);
    const first = await alloc('brief');
    const brief = vmId(first.ok ? (first.result as { uuid: string }).uuid : '');
    await until(() => second.registry.get(brief) !== undefined);
    const job = { entity: brief, verb: 'create', params: {}, at: '2099-01-01T00:00:00Z' };
    second.schedule.add({ ...job, user: 'ben' });
    const scopes = (): string[] => second.policies.policy.grants.map(({ scope }) => scope);
    expect(scopes()).toContain(brief);
    // libvirt answers when central is away.
    const pid = await libvirtPid();
    process.kill(pid, 'SIGSTOP');
    try {
      const asked = [
        alloc('made'),
        second.perform(second.registry.get(brief) as VmState, 'free', {}, ben),
      ];
      const isAsked = (id: string): boolean => second.registry.get(id)?.task != null;
      await until(() => isAsked(host.id) && isAsked(brief));
      await second[Symbol.asyncDispose]();
      expect(await Promise.all(asked)).toMatchObject([{ ok: false }, { ok: false }]);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    second = new Central({
      bus: await cloud.bus.connect('central'),
      stateDir: join(cloud.dir, 'central'),
    });
    await until(() => scopes().includes((second.registry.findVm('made') as VmState).id));
    await until(() => !scopes().includes(brief));
    expect(second.schedule.of(brief)).toEqual([]);
    // Once: what is taken back stays so.
    const { id } = second.registry.findVm('made') as VmState;
    expect(second.policies.policy.grants).toContainEqual({
      ...{ who: 'user:ben', scope: id, permissions: ['all'] },
    });
    second.policies.setGrant('user:ben', id, []);
    await second[Symbol.asyncDispose]();
    second = new Central({
      bus: await cloud.bus.connect('central'),
      stateDir: join(cloud.dir, 'central'),
    });
    await until(() => second.registry.get(id) !== undefined);
    const reply = await second.perform(second.registry.get(id) as VmState, 'free', {}, ben);
    expect(reply).toMatchObject({ ok: false, error: { code: 'denied' } });
    second.policies.setGrant('user:ben', host.id, []);
  });

  const until = (holds: () => boolean): Promise<true> =>
    poll(async () => holds() || undefined, {
      ...{ timeoutMs: 10_000, intervalMs: 5 },
      onTimeout: () => new Error('it does not become as it should'),
    });

  async function libvirtPid(): Promise<number> {
    const init = await cloud.daemon.initPid();
    return Number(await readFile(`/proc/${init}/task/${init}/children`, 'utf8'));
  }

  test('libvirt that ends is noticed, and who asks for something is told so', async () => {
    cloud.daemon.kill();
    await poll(
      async () => {
        const host = second.registry.get('hypervisor:hv1');
        return host?.kind === 'hypervisor' && host.libvirt === 'lost' ? true : undefined;
      },
      { timeoutMs: 10_000, intervalMs: 20, onTimeout: () => new Error('nobody noticed') },
    );
    const reply = await second.perform(
      second.registry.get(vm.id) as VmState,
      'suspend',
      {},
      { user: 'ann', via: 'rest' },
    );
    expect(reply).toMatchObject({
      ok: false,
      error: { code: 'unreachable', message: expect.stringContaining('does not reach libvirt') },
    });
    // Nor is it known whether a machine that was parked is there.
    const gone = { uuid: randomUUID(), name: 'gone', hypervisor: 'hv1', tags: [] };
    second.parking.add(gone, '<domain/>', 'ann');
    const ann = { user: 'ann', via: 'rest' } as const;
    expect(await second.perform('central', 'unpark', { machine: 'gone' }, ann)).toMatchObject({
      ok: false,
      error: {
        code: 'conflict',
        message: expect.stringContaining('may be on hv1, whose libvirt is not reached'),
      },
    });
  });
});
