import { expect, test } from 'vitest';
import { initialValues, labelOf, toParams } from './form-values.ts';

const schema = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    memoryMiB: { type: 'integer', default: 512 },
    tags: { type: 'array', items: { type: 'string' }, default: [] },
    start: { type: 'boolean', default: false },
    params: { type: 'object', default: {} },
  },
  required: ['name'],
} as const;

test('a form begins with the defaults, and with what is known', () => {
  expect(initialValues(schema, { name: 'web', tags: ['a', 'b'] })).toEqual({
    name: 'web',
    memoryMiB: '512',
    tags: 'a b',
    start: false,
    params: '{}',
  });
});

test('what is typed becomes parameters of the right types', () => {
  const values = {
    name: 'web',
    memoryMiB: '1024',
    tags: 'a, b  c',
    start: true,
    params: '{"on":true}',
  };
  expect(toParams(schema, values)).toEqual({
    name: 'web',
    memoryMiB: 1024,
    tags: ['a', 'b', 'c'],
    start: true,
    params: { on: true },
  });
});

test('what is left empty is left out, but for lists and what must be there', () => {
  const values = { name: '', memoryMiB: '', tags: '', start: false, params: '' };
  expect(toParams(schema, values)).toEqual({ name: '', tags: [], start: false });
});

test.each([
  ['memoryMiB', 'Memory (MiB)'],
  ['diskGiB', 'Disk (GiB)'],
  ['keepDisks', 'Keep disks'],
  ['xml', 'XML'],
])('%s is called %s', (name, label) => {
  expect(labelOf(name)).toBe(label);
});
