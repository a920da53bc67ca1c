// Machines thawed from a template: what each has of its own, and what happens where the template is no good. In an
// image store of its own, since templates outlive labs.
import { afterAll, beforeAll, describe } from 'vitest';
import { fallback } from './thaw/fallback.ts';
import { fresh } from './thaw/fresh.ts';
import { kill } from './thaw/kill.ts';
import { stop } from './thaw/stop.ts';
import { testLab, type TestLab } from './support/lab.ts';
import { SMALL } from './support/small.ts';
import { type OwnStore, ownStore } from './support/store.ts';

// Names that are in no memory by chance.
const NAMES = ['zanzibar-1', 'zanzibar-2'] as const;
const file = { ...SMALL, name: 'thaw', machines: { [NAMES[0]]: {}, [NAMES[1]]: {} } };
let store: OwnStore;
let lab: TestLab;

beforeAll(async () => {
  store = await ownStore();
  lab = await testLab(file, store);
});
afterAll(async () => {
  await lab[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
});

describe('two machines', () =>
  fresh(
    () => lab,
    () => store,
    NAMES,
  ));
describe('a template that is no good', () =>
  fallback(
    () => lab,
    () => store,
  ));
describe('one that has just come', () => stop(() => store));
describe('the first template', kill);
