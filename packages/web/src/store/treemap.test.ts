import { array, assert, integer, property } from 'fast-check';
import { expect, test } from 'vitest';
import { treemap } from './treemap.ts';

const within = { x: 0, y: 0, width: 100, height: 60 };

test('boxes fill the whole, each by its weight, and none lies on another', () => {
  assert(
    property(array(integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 30 }), (given) => {
      const weights = [2000, ...given.toSorted((a, b) => b - a)];
      const total = weights.reduce((sum, each) => sum + each, 0);
      const boxes = treemap(weights, within);
      boxes.forEach(({ x, y, width, height }, at) => {
        expect(width * height).toBeCloseTo(((weights[at] ?? 0) / total) * 6000, 3);
        expect(x).toBeGreaterThan(-1e-6);
        expect(y).toBeGreaterThan(-1e-6);
        expect(x + width).toBeLessThan(100 + 1e-6);
        expect(y + height).toBeLessThan(60 + 1e-6);
      });
    }),
  );
});

test.each([1, 2, 3, 7, 13, 48])('%i that weigh the same look the same', (count) => {
  const boxes = treemap(
    Array.from({ length: count }, () => 512),
    within,
  );
  const [first] = boxes;
  expect(boxes).toHaveLength(count);
  expect(new Set(boxes.map(({ x, y }) => `${x} ${y}`)).size).toBe(count);
  for (const { x, y, width, height } of boxes) {
    expect([width, height]).toEqual([first?.width, first?.height]);
    expect(x + width).toBeLessThan(100 + 1e-6);
    expect(y + height).toBeLessThan(60 + 1e-6);
  }
});

test('nothing has no boxes', () => {
  expect(treemap([], within)).toEqual([]);
});
