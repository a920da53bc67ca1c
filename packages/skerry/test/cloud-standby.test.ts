// Two centrals, active and standby: what the one knows the other knows, one of them acts, and never two.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Actor, VerbReply } from '../src/cloud/bus/messages.ts';
import type { Central } from '../src/cloud/central/central.ts';
import { openDatabase } from '../src/cloud/central/database.ts';
import { PolicyStore } from '../src/cloud/central/policy-store.ts';
import type { VmState } from '../src/cloud/entity.ts';
import { startTwoCentrals, type TwoCentrals } from './support/two-centrals.ts';

const ANN: Actor = { user: 'ann', via: 'rest' };

function verb(central: Central, name: string, params: object = {}): Promise<VerbReply> {
  return central.perform(central.registry.findVm('test') as VmState, name, params, ANN);
}

/** Both know the machine, and the standby has everything. */
async function isPaired(cloud: TwoCentrals, hypervisors: number): Promise<void> {
  const { one, two } = cloud;
  await cloud.until('the standby has a copy', () => one.central.pair?.behind === 0);
  await cloud.until('every agent is on both buses', () =>
    [one, two].every(
      ({ central }) => central.registry.lamps().filter(({ live }) => live).length === hypervisors,
    ),
  );
  await cloud.until('the standby may follow', () => one.central.leadership.isKnownHeir);
  await cloud.until('both know the machine', () =>
    [one, two].every(({ central }) => !Array.isArray(central.registry.findVm('test'))),
  );
}

describe.each(['local', 'xmpp'] as const)('over the bus %s', (kind) => {
  let cloud: TwoCentrals;
  beforeAll(async () => {
    cloud = await startTwoCentrals(kind, ['hv1']);
  });
  afterAll(async () => {
    await cloud[Symbol.asyncDispose]();
  });

  test('a standby knows all, and does nothing', async () => {
    const { one, two } = cloud;
    await isPaired(cloud, 1);
    expect(one.central.leadership.isActing).toBe(true);
    expect(two.central.leadership.isActing).toBe(false);
    one.central.policies.setGrant('user:ben', 'all', ['info']);
    await cloud.until('it has the permissions', () =>
      two.central.policies.policy.grants.some(({ who }) => who === 'user:ben'),
    );
    expect(two.central.users.names()).toEqual(['ann']);
    expect(await verb(one.central, 'suspend')).toMatchObject({ ok: true });
    await cloud.until('it knows the state', () => {
      const vm = two.central.registry.findVm('test');
      return !Array.isArray(vm) && (vm as VmState).state === 'paused';
    });
    expect(await verb(two.central, 'resume')).toEqual({
      ok: false,
      error: {
        code: 'conflict',
        message: 'two is a standby: ask http://one.test, which is active',
      },
    });
    expect(two.central.registry.lamps().map(({ hypervisor }) => hypervisor)).toEqual(['hv1']);
    // Central itself is the one who is asked: what it answers, the standby has.
    const vm = one.central.registry.findVm('test') as VmState;
    const grant = { who: 'user:ann', permissions: ['info'] };
    expect(await one.central.perform(vm, 'permission_set', grant, ANN)).toMatchObject({ ok: true });
    expect(two.central.policies.policy).toEqual(one.central.policies.policy);
  });

  test('what is scheduled is done by the active one, once', async () => {
    const { one, two } = cloud;
    const vm = one.central.registry.findVm('test') as VmState;
    const at = new Date(Date.now() + 1500).toISOString();
    const job = { verb: 'settags', params: { tags: ['at-night'] }, at };
    expect(await one.central.perform(vm, 'schedule', job, ANN)).toMatchObject({ ok: true });
    expect(two.central.schedule.of(vm.id)).toHaveLength(1);
    const times = (central: Central): number =>
      central.audit.list({ entity: vm.id }).filter(({ by }) => by.via === 'schedule').length;
    await cloud.until('it is done', () => times(one.central) > 0);
    await sleep(1500);
    expect([times(one.central), times(two.central)]).toEqual([1, 1]);
    await cloud.until('the standby knows how it went', () =>
      two.central.schedule.of(vm.id).every(({ last, nextAt }) => last === 'done' && !nextAt),
    );
  });

  test('a hypervisor forgets what is parked when the standby has it, or may not follow', async () => {
    const { one, two, cuts } = cloud;
    const { registry, leadership, parking } = one.central;
    const host = registry.get('hypervisor:hv1');
    if (!host) throw new Error('hv1 is not known');
    await one.central.perform(host, 'alloc', { name: 'boat', diskGiB: 0 }, ANN);
    const boat = (): unknown => registry.findVm('boat');
    await cloud.until('it is there', () => !Array.isArray(boat()));
    const { id, uuid } = boat() as VmState;
    const mayFollow: boolean[] = [];
    using _ear = registry.listen({
      onEntities: (_, removed) => {
        if (removed.includes(id)) mayFollow.push(leadership.isHeir);
      },
    });
    cuts.add('one two');
    expect(await one.central.perform(boat() as VmState, 'park', {}, ANN)).toMatchObject({
      ok: true,
    });
    await cloud.until('it is gone', () => mayFollow.length > 0);
    expect(mayFollow).toEqual([false]);
    cuts.clear();
    await cloud.until('the standby may follow', () => leadership.isKnownHeir);
    expect(two.central.parking.get(uuid)).toEqual(parking.get(uuid));
  });

  test('the active one is gone: the standby acts, and what was done is known', async () => {
    const { one, two } = cloud;
    const { registry, policies } = one.central;
    const host = registry.get('hypervisor:hv1');
    if (!host) throw new Error('hv1 is not known');
    policies.setGrant('user:ben', host.id, ['alloc']);
    const isBegun = new Promise<void>((resolve) => {
      registry.listen({ onEntities: ([each]) => each?.task?.verb === 'alloc' && resolve() });
    });
    const ben: Actor = { user: 'ben', via: 'rest' };
    const asked = one.central.perform(host, 'alloc', { name: 'skiff', diskGiB: 0 }, ben);
    await isBegun;
    const began = performance.now();
    await one.stop();
    await asked;
    await cloud.until('the other acts', () => two.central.leadership.isActing);
    expect(performance.now() - began).toBeGreaterThan(1000);
    expect(await verb(two.central, 'resume')).toMatchObject({ ok: true });
    expect(two.central.leadership.term).toBeGreaterThan(1);
    await cloud.until('what was being made is whose who asked for it', () => {
      const { id } = two.central.registry.findVm('skiff') as VmState;
      const { grants } = two.central.policies.policy;
      return grants.some(({ who, scope }) => who === 'user:ben' && scope === id);
    });
    const done = two.central.audit.list({}).map((entry) => `${entry.verb} ${entry.outcome}`);
    expect(done).toEqual(expect.arrayContaining(['suspend done', 'resume done']));
  });

  test('the old one comes back as a standby; what nobody else got is kept aside', async () => {
    const { one, two } = cloud;
    {
      // As if it had been written just before the end.
      using database = openDatabase(join(cloud.dir, 'one'));
      new PolicyStore(database).setGrant('user:cleo', 'all', ['info']);
    }
    await one.start();
    expect(one.central.leadership.isActing).toBe(false);
    await cloud.until('it is a standby', () => one.central.leadership.kept.role === 'standby');
    await cloud.until('it has a copy', () => two.central.pair?.behind === 0);
    expect(one.central.policies.policy).toEqual(two.central.policies.policy);
    expect(await verb(one.central, 'suspend')).toMatchObject({ ok: false });
    const aside = await readFile(join(cloud.dir, 'one', 'set-aside-term-1.json'), 'utf8');
    expect(aside).toContain('user:cleo');
    await isPairedBack(cloud);
  });

  test('a permission that was given just now is in force for the next verb', async () => {
    const { two } = cloud;
    const ben: Actor = { user: 'ben', via: 'rest' };
    await cloud.until('the agent is back', () => two.central.registry.isLive('hv1'));
    const vm = two.central.registry.findVm('test') as VmState;
    for (const permissions of [['suspend'], ['info'], ['suspend']]) {
      two.central.policies.setGrant('user:ben', vm.id, permissions);
      const isAllowed = permissions.includes('suspend');
      const reply = await two.central.perform(vm, 'suspend', {}, ben);
      expect(reply.ok || reply.error.code).toBe(isAllowed || 'denied');
      if (isAllowed) await two.central.perform(vm, 'resume', {}, ANN);
    }
  });

  test('by hand, in good order: nothing is lost, and both change their places', async () => {
    const { one, two } = cloud;
    two.central.policies.setGrant('user:dora', 'all', ['info']);
    await one.central.pair?.promote();
    await cloud.until('it acts', () => one.central.leadership.isActing);
    expect(two.central.leadership.isActing).toBe(false);
    expect(one.central.policies.policy.grants.map(({ who }) => who)).toContain('user:dora');
    await cloud.until('the other follows', () => one.central.pair?.behind === 0);
    await cloud.until('the agent is back', () => one.central.registry.isLive('hv1'));
    expect(await verb(one.central, 'suspend')).toEqual({ ok: true, result: {} });
    expect(await verb(two.central, 'resume')).toMatchObject({ ok: false });
  });
});

async function isPairedBack(cloud: TwoCentrals): Promise<void> {
  await cloud.until('it may follow', () => cloud.two.central.leadership.isKnownHeir);
}

describe('cuts, with three hypervisors', () => {
  let cloud: TwoCentrals;
  beforeAll(async () => {
    cloud = await startTwoCentrals('local', ['hv1', 'hv2', 'hv3']);
    await isPaired(cloud, 3).catch((error: unknown) => {
      // Three hypervisors of one test driver have the same machine.
      if (!String(error).includes('machine')) throw error;
    });
  });
  afterAll(async () => {
    await cloud[Symbol.asyncDispose]();
  });

  test('a cut between the two: whoever the hypervisors hear stays active', async () => {
    const { one, two, cuts } = cloud;
    cuts.add('one two');
    await cloud.until('it has asked', () => two.central.leadership.problem !== '');
    expect(two.central.leadership.problem).toMatch(/^0 of 3 hypervisors would have it; hv1: /);
    await sleep(3000);
    expect(one.central.leadership.isActing).toBe(true);
    expect(one.central.leadership.term).toBe(1);
    expect(two.central.leadership.isActing).toBe(false);
    // What is done now the standby does not know: it may not follow.
    one.central.policies.setGrant('user:ben', 'all', ['info']);
    expect(one.central.leadership.isHeir).toBe(false);
    cuts.delete('one two');
    await cloud.until('it has all again', () => one.central.leadership.isKnownHeir);
    expect(two.central.policies.policy).toEqual(one.central.policies.policy);
  });

  test('two sides: the one with most of the hypervisors acts, and never both', async () => {
    const { one, two, cuts } = cloud;
    let both = 0;
    const watch = setInterval(() => {
      if (one.central.leadership.isActing && two.central.leadership.isActing) both++;
    }, 1);
    onTestFinished(() => clearInterval(watch));
    // The active one keeps one hypervisor.
    for (const each of ['one two', 'one hv2', 'one hv3', 'two hv1']) cuts.add(each);
    await cloud.until('the first does not act', () => !one.central.leadership.isActing);
    expect(await verbOnHost(one.central, 'hv1')).toMatchObject({
      ok: false,
      error: {
        code: 'conflict',
        message: expect.stringContaining('reaches neither two nor more than half'),
      },
    });
    await cloud.until('the second acts', () => two.central.leadership.isActing);
    expect(await verbOnHost(two.central, 'hv2')).toMatchObject({ ok: true });
    cuts.clear();
    await cloud.until('the first follows', () => two.central.pair?.behind === 0);
    await cloud.until('all obey', () => two.central.leadership.isKnownHeir);
    expect(both).toBe(0);
    expect(one.central.leadership.kept).toMatchObject({ role: 'standby', active: 'two' });
    expect(await verbOnHost(two.central, 'hv1')).toMatchObject({ ok: true });
  });

  test('nobody is heard: nothing is done until somebody says so, and then by that one alone', async () => {
    const { one, two, cuts } = cloud;
    // The active one is lost, and most hypervisors with it.
    for (const each of ['two one', 'one hv2', 'one hv3', 'two hv2', 'two hv3']) cuts.add(each);
    cuts.add('two hv1');
    await cloud.until('it has asked', () => one.central.leadership.problem !== '');
    await cloud.until('the second does not act', () => !two.central.leadership.isActing);
    expect(one.central.leadership.isActing).toBe(false);
    await one.central.pair?.promote();
    expect(one.central.leadership.isActing).toBe(true);
    expect(await verbOnHost(one.central, 'hv1')).toMatchObject({ ok: true });
    cuts.clear();
    await cloud.until('the second follows', () => one.central.pair?.behind === 0);
    expect(two.central.leadership.kept).toMatchObject({ role: 'standby', active: 'one' });
    await cloud.until('it was for that time', () => !one.central.leadership.kept.byHand);
    expect(one.central.leadership.isActing).toBe(true);
    for (const name of ['hv1', 'hv2', 'hv3'])
      expect(await verbOnHost(one.central, name)).toMatchObject({ ok: true });
  });

  test('what is made by chat goes through the central that acts', async () => {
    const { one, two, agents } = cloud;
    const active = [one, two].find(({ central }) => central.leadership.isActing);
    const host = agents[0]?.talk;
    const request = {
      module: 'archipel:hypervisor:control',
      action: 'alloc',
      params: { name: 'raft' },
    };
    const reply = await host?.act('hypervisor:hv1', ANN.user, request);
    expect(reply).toMatchObject({ ok: true });
    const entries = active?.central.audit.list({ limit: 5 }) ?? [];
    expect(entries).toContainEqual(expect.objectContaining({ verb: 'alloc', outcome: 'done' }));
  });

  test('a hypervisor that does not come back is forgotten, and decides no more', async () => {
    const { one, two, agents } = cloud;
    await expect(one.central.forget('hv3')).rejects.toMatchObject({ code: 'conflict' });
    await agents[2]?.[Symbol.asyncDispose]();
    await cloud.until('it has gone', () => !one.central.registry.isLive('hv3'));
    await expect(two.central.forget('hv3')).rejects.toMatchObject({ code: 'conflict' });
    await one.central.forget('hv3');
    for (const { central } of [one, two]) {
      expect(central.leadership.members).toEqual(['hv1', 'hv2']);
      expect(central.registry.get('hypervisor:hv3')).toBeUndefined();
    }
    await expect(one.central.forget('hv3')).rejects.toMatchObject({ code: 'not-found' });
  });
});

function verbOnHost(central: Central, name: string): Promise<VerbReply> {
  const host = central.registry.get(`hypervisor:${name}`);
  if (!host) throw new Error(`${name} is not known`);
  return central.perform(host, 'settags', { tags: [name] }, ANN);
}
