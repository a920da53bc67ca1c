import { expect, onTestFinished, test, vi } from 'vitest';
import { LocalBus } from '../bus/local.ts';
import type { Publication } from '../bus/messages.ts';
import { Entities } from '../agent/entities.ts';
import type { EntityState } from '../entity.ts';
import { aHypervisor, aVm } from '../test-entities.ts';
import { Registry } from './registry.ts';

/** An agent's side of the bus, by hand: publications can get lost on the way. */
function agent(bus: LocalBus, name: string) {
  const connection = bus.connect(name);
  let losing = false;
  let syncs = 0;
  const entities = new Entities(`epoch of ${name}`, (publication: Publication) => {
    if (!losing) connection.publish(publication);
  });
  connection.serve(async () => {
    syncs += 1;
    return entities.snapshot();
  });
  return {
    entities,
    connection,
    lose: (on: boolean) => (losing = on),
    syncs: () => syncs,
  };
}

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

test('a change is known at once, and asks for nothing', async () => {
  const bus = new LocalBus();
  const hv1 = agent(bus, 'hv1');
  hv1.entities.set(aHypervisor('hv1'));
  await using registry = new Registry(bus.connect('central'));
  await settle();
  expect(hv1.syncs()).toBe(1);
  const vm = aVm();
  hv1.entities.set(vm);
  await settle();
  expect(registry.get(vm.id)).toEqual(vm);
  expect(hv1.syncs()).toBe(1);
  expect(registry.isLive('hv1')).toBe(true);
});

test('a gap leads to one question, after which all is right', async () => {
  const bus = new LocalBus();
  const hv1 = agent(bus, 'hv1');
  await using registry = new Registry(bus.connect('central'));
  await settle();
  const [lost, told] = [aVm(), aVm()];
  hv1.lose(true);
  hv1.entities.set(lost);
  hv1.lose(false);
  hv1.entities.set(told);
  await settle();
  expect(hv1.syncs()).toBe(2);
  expect(registry.get(lost.id)).toEqual(lost);
  expect(registry.get(told.id)).toEqual(told);
});

test('a last change that was lost is found by the next sign of life', async () => {
  const bus = new LocalBus();
  const hv1 = agent(bus, 'hv1');
  await using registry = new Registry(bus.connect('central'));
  await settle();
  const vm = aVm();
  hv1.lose(true);
  hv1.entities.set(vm);
  hv1.lose(false);
  hv1.entities.sayAlive();
  await settle();
  expect(registry.get(vm.id)).toEqual(vm);
});

test('a machine that migrates is where it runs, and never gone', async () => {
  const bus = new LocalBus();
  const [hv1, hv2] = [agent(bus, 'hv1'), agent(bus, 'hv2')];
  const vm = aVm({ state: 'running', hypervisor: 'hv1' });
  hv1.entities.set(vm);
  await using registry = new Registry(bus.connect('central'));
  await settle();
  const seen: (string | undefined)[] = [];
  const where = (): string | undefined => {
    const found = registry.get(vm.id);
    return found?.kind === 'vm' ? found.hypervisor : undefined;
  };
  registry.listen({ onEntities: () => seen.push(where()) });
  hv2.entities.set({ ...vm, hypervisor: 'hv2', state: 'paused', reason: 'migration' });
  hv1.entities.set({ ...vm, state: 'paused', reason: 'migration' });
  hv2.entities.set({ ...vm, hypervisor: 'hv2' });
  hv1.entities.set({ ...vm, state: 'shutoff', reason: 'migrated' });
  hv1.entities.remove(vm.id);
  await settle();
  expect(where()).toBe('hv2');
  expect(seen).not.toContain(undefined);
});

test('nobody speaks for the machines of another', async () => {
  const bus = new LocalBus();
  const hv1 = agent(bus, 'hv1');
  await using registry = new Registry(bus.connect('central'));
  await settle();
  const foreign: EntityState = aVm({ hypervisor: 'hv2' });
  hv1.entities.set(foreign);
  await settle();
  expect(registry.get(foreign.id)).toBeUndefined();
});

test('an agent that goes leaves what was known of it, as not live', async () => {
  const bus = new LocalBus();
  const hv1 = agent(bus, 'hv1');
  const vm = aVm();
  hv1.entities.set(vm);
  await using registry = new Registry(bus.connect('central'));
  await settle();
  await hv1.connection[Symbol.asyncDispose]();
  await settle();
  expect(registry.isLive('hv1')).toBe(false);
  expect(registry.get(vm.id)).toEqual(vm);
});

test('who is heard again after a silence is as good as new', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const bus = new LocalBus();
  const hv1 = agent(bus, 'hv1');
  await using registry = new Registry(bus.connect('central'));
  let synced = 0;
  registry.listen({ onSynced: () => (synced += 1) });
  await settle();
  hv1.entities.sayAlive();
  await settle();
  expect([registry.isLive('hv1'), synced]).toEqual([true, 1]);
  vi.advanceTimersByTime(15_000);
  expect(registry.isLive('hv1')).toBe(false);
  hv1.entities.sayAlive();
  await settle();
  expect([registry.isLive('hv1'), synced]).toEqual([true, 2]);
});

test('an answer that is older than what was told meanwhile says that the agent is there', async () => {
  const bus = new LocalBus();
  const hv1 = agent(bus, 'hv1');
  await using registry = new Registry(bus.connect('central'));
  await settle();
  let synced = 0;
  registry.listen({ onSynced: () => (synced += 1) });
  const vm = aVm();
  hv1.connection.serve(async () => {
    const before = hv1.entities.snapshot();
    hv1.entities.set(vm);
    await settle();
    return before;
  });
  hv1.connection.publish({ type: 'alive', epoch: 'epoch of hv1', seq: 99 });
  await settle();
  await settle();
  await settle();
  expect(registry.get(vm.id)).toEqual(vm);
  expect(synced).toBe(1);
});
