import { expect, test } from 'vitest';
import type { Follower } from './bus.ts';
import { LocalBus } from './local.ts';
import { SeveralBuses } from './several-buses.ts';

/** An agent on the buses of two centrals, and what each central hears. */
async function setUp() {
  const buses = { one: new LocalBus(), two: new LocalBus() };
  const agent = new SeveralBuses('hv1');
  const heard: string[] = [];
  const follow = (name: string): Follower => ({
    onPublication: (from) => void heard.push(`${name} hears ${from}`),
    onPresence: (address, presence) => void heard.push(`${name}: ${address} ${presence}`),
  });
  const one = buses.one.connect('central');
  const two = buses.two.connect('central');
  one.follow(follow('one'));
  two.follow(follow('two'));
  await agent.add('one', buses.one.connect('hv1'));
  return { buses, agent, one, two, heard };
}

test('whoever is asked knows over which bus it came, also over one that was added later', async () => {
  const { buses, agent, one, two } = await setUp();
  agent.serve(async (body, { address, bus }) => `${String(body)} ${address} ${bus}`);
  await agent.add('two', buses.two.connect('hv1'));
  expect(agent.centrals).toEqual(['one', 'two']);
  expect(await one.request('hv1', 'x')).toBe('x central one');
  expect(await two.request('hv1', 'x')).toBe('x central two');
});

test('what is published goes to all, and to none that was left', async () => {
  const { buses, agent, heard } = await setUp();
  await agent.add('two', buses.two.connect('hv1'));
  agent.publish({ type: 'alive', epoch: 'e', seq: 1 });
  await agent.remove('one');
  agent.publish({ type: 'alive', epoch: 'e', seq: 2 });
  await new Promise(setImmediate);
  expect(heard.filter((line) => line.includes('hears'))).toEqual([
    'one hears hv1',
    'two hears hv1',
    'two hears hv1',
  ]);
  expect(heard).toContain('one: hv1 gone');
  expect(agent.connected).toBe(true);
});

test('who is called central on several buses is not asked', async () => {
  const { agent } = await setUp();
  await expect(agent.request('central')).rejects.toMatchObject({ code: 'unreachable' });
  await agent[Symbol.asyncDispose]();
  expect(agent.connected).toBe(false);
});
