import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Allegiance, type Kept, NO_ALLEGIANCE } from './allegiance.ts';

function agent(kept: Kept = NO_ALLEGIANCE, disk = true, lostMs = 20) {
  const saved: Kept[] = [];
  const allegiance = new Allegiance({
    kept,
    lostMs,
    save: async (next) => {
      saved.push(next);
      return disk;
    },
  });
  return { allegiance, saved };
}

test('without terms every central is obeyed, as ever', async () => {
  const { allegiance, saved } = agent();
  expect(allegiance.refusal('central', 0)).toBeUndefined();
  expect(allegiance.refusal('central-2', 0)).toBeUndefined();
  expect(saved).toEqual([]);
});

test('within a term one central is obeyed, and a later term ends an earlier one', async () => {
  const { allegiance, saved } = agent();
  expect((await allegiance.lead('one', 3, ['one', 'two'])).accepted).toBe(true);
  expect(allegiance.refusal('one', 3)).toBeUndefined();
  expect(allegiance.refusal('two', 3)).toMatch(/^one is active since \d{4}-/);
  expect(allegiance.refusal('one', 0)).toMatch('one is active');
  expect(allegiance.refusal('two', 4)).toBeUndefined();
  expect(allegiance.refusal('one', 3)).toMatch('two is active');
  expect((await allegiance.lead('one', 3, [])).accepted).toBe(false);
  expect(saved.map(({ term, central }) => `${term} ${central}`)).toEqual(['3 one', '4 two']);
});

test('it has lost nobody as long as the active one is heard', async () => {
  const { allegiance } = agent(NO_ALLEGIANCE, true, 1000);
  await allegiance.lead('one', 1, ['one', 'two']);
  expect(await allegiance.vote('two', 2, true)).toMatchObject({
    accepted: false,
    because: expect.stringMatching(/^one was heard 0\.\d s ago/),
  });
  await sleep(1100);
  expect((await allegiance.vote('two', 2, true)).accepted).toBe(true);
  await allegiance.lead('one', 1, ['one', 'two']);
  expect((await allegiance.vote('two', 2, false)).accepted).toBe(false);
});

test('a voice is given once a term, and is on disk before it is given', async () => {
  const { allegiance, saved } = agent();
  await allegiance.lead('one', 1, ['one', 'two', 'three']);
  await sleep(30);
  const [two, three] = await Promise.all([
    allegiance.vote('two', 2, false),
    allegiance.vote('three', 2, false),
  ]);
  expect([two.accepted, three.accepted]).toEqual([true, false]);
  expect(three.because).toBe('two has term 2');
  expect(saved.at(-1)).toMatchObject({ term: 2, central: 'two' });
  expect(allegiance.refusal('one', 1)).toMatch('two is active');
});

test('who may not know everything gets no voice', async () => {
  const { allegiance } = agent();
  await allegiance.lead('one', 1, ['one']);
  await sleep(30);
  expect((await allegiance.vote('two', 2, true)).because).toBe(
    'two may not know all that one knew',
  );
});

test('a voice that cannot be noted is not given', async () => {
  const { allegiance } = agent({ term: 1, central: 'one', since: 0, heirs: ['two'] }, false);
  await sleep(30);
  expect((await allegiance.vote('two', 2, false)).accepted).toBe(false);
});
