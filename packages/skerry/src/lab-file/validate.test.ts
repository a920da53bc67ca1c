import { expect, test } from 'vitest';
import { validateLab } from './validate.ts';

test('an image that was left out must be there too', () => {
  const [finding] = validateLab({ name: 'demo', machines: { one: {} } }, { knownImages: [] });
  expect(finding).toMatchObject({
    code: 'LAB_IMAGE_UNKNOWN',
    path: [],
    data: { advice: 'there are no images yet; build it with: skerry image build debian-12' },
  });
});

test('a wrong name for machines is one mistake, not one for each that is meant', () => {
  const lab = {
    name: 'demo',
    machnes: { one: {} },
    tree: { from: '.', to: '/srv', on: ['one'] },
    daemons: { d: { on: '/o.+/', command: 'true' } },
  };
  expect(validateLab(lab).map(({ code, path }) => [code, ...path])).toEqual([
    ['LAB_KEY_UNKNOWN', 'machnes'],
  ]);
});

test('fields that are undefined are as if left out', () => {
  expect(
    validateLab({ name: 'demo', cpus: undefined, machines: { one: { memory: undefined } } }),
  ).toEqual([]);
});

test('root may take privileged ports, and facts that are not given are not checked', () => {
  const lab = {
    name: 'demo',
    image: 'any',
    memory: '1 TiB',
    machines: { one: { cpus: 64, forwards: { 80: 80 } } },
  };
  expect(validateLab(lab, { uid: 0 })).toEqual([]);
  expect(validateLab(lab)).toEqual([]);
});

test.each([
  null,
  [],
  3,
  { name: 'demo', machines: [] },
  { name: Symbol('demo'), machines: {} },
  { name: 'demo', machines: new Map() },
  { name: 'demo', machines: { one: () => 1 } },
  JSON.parse('{ "name": "demo", "machines": { "__proto__": {} } }'),
  { name: 'demo', machines: { one: { cpus: Number.NaN, memory: Infinity } } },
])('whatever a file gives is refused, not crashed on (%#)', (config: unknown) => {
  expect(validateLab(config).length).toBeGreaterThan(0);
});

test('a lab that holds itself ends', () => {
  const lab: Record<string, unknown> = { name: 'demo' };
  lab['machines'] = { one: lab };
  expect(validateLab(lab).map(({ code }) => code)).toEqual(['LAB_KEY_UNKNOWN', 'LAB_KEY_UNKNOWN']);
});

test('a tree that is shared cannot leave anything out', () => {
  const tree = { mode: 'share', from: '.', to: '/srv/src', exclude: ['build/'] };
  const lab = { name: 'demo', image: 'any', machines: { one: {} } };
  expect(validateLab({ ...lab, tree })).toMatchObject([
    { code: 'LAB_VALUE', path: ['tree', 'exclude'] },
  ]);
  expect(validateLab({ ...lab, tree: { ...tree, mode: 'push' } })).toEqual([]);
});
