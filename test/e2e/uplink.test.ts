// The way out of a lab. The internet is a namespace of the test's own, and so is the host's network.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testLab } from './support/lab.ts';
import { SMALL } from './support/small.ts';
import {
  fetchCommand,
  HOST_ADDRESS,
  startWorld,
  type World,
  WORLD_ADDRESS,
  WORLD_BYTES,
} from './support/world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

test.each(['pasta', 'slirp4netns'])(
  '%s: machines reach the world, and not the host',
  async (way) => {
    await using lab = await testLab(SMALL, { as: world.as, env: { SKERRY_UPLINK: way } });
    await lab.ok(['up']);
    const fetch = (address: string): string[] => ['exec', '--', fetchCommand(address)];
    for (let time = 0; time < 5; time++)
      expect(await lab.ok(fetch(WORLD_ADDRESS))).toBe(`${WORLD_BYTES}\n`);
    for (const address of ['10.0.2.2', HOST_ADDRESS])
      expect(await lab.ok(fetch(address)), address).toBe('0\n');
    await lab.destroyWhole();
  },
);
