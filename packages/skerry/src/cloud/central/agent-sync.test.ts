import { expect, onTestFinished, test, vi } from 'vitest';
import { Entities } from '../agent/entities.ts';
import { LocalBus } from '../bus/local.ts';
import { agentRequest } from '../bus/messages.ts';
import { policySchema } from '../permission/policy.ts';
import { aHypervisor } from '../test-entities.ts';
import { Central } from './central.ts';

/** An agent's side of the bus, by hand: what it was told of the policy. */
function agent(bus: LocalBus) {
  const connection = bus.connect('hv1');
  const entities = new Entities('epoch', (publication) => connection.publish(publication));
  entities.set(aHypervisor('hv1'));
  const told: number[] = [];
  const hv1 = { entities, told, deaf: false };
  connection.serve(async (body) => {
    const request = agentRequest.parse(body);
    if (request.type === 'sync') return entities.snapshot();
    if (request.type !== 'policy') return [];
    if (hv1.deaf) throw new Error('the disk is full');
    told.push(policySchema.parse(request.policy).version);
    return {};
  });
  return hv1;
}

function central(bus: LocalBus): Central {
  return new Central({ bus: bus.connect('central'), stateDir: null });
}

test('an agent that was silent is told the policy of now', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const bus = new LocalBus();
  const hv1 = agent(bus);
  await using cloud = central(bus);
  await vi.waitFor(() => expect(hv1.told).toEqual([0]));
  vi.advanceTimersByTime(15_000);
  cloud.policies.update((policy) => ({ ...policy, admins: ['ann'] }));
  hv1.entities.sayAlive();
  await vi.waitFor(() => expect(hv1.told).toEqual([0, 1]));
});

test('an agent that could not take the policy is told again', async () => {
  const bus = new LocalBus();
  const hv1 = agent(bus);
  await using cloud = central(bus);
  await vi.waitFor(() => expect(hv1.told).toEqual([0]));
  hv1.deaf = true;
  cloud.policies.update((policy) => ({ ...policy, admins: ['ann'] }));
  await new Promise((resolve) => setTimeout(resolve, 50));
  hv1.deaf = false;
  await vi.waitFor(() => expect(hv1.told).toEqual([0, 1]), 10_000);
});
