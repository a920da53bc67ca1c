import { expect, test } from 'vitest';
import { formatRules } from './network-faults.ts';

test('a machine without rules has an empty list', () => {
  expect(formatRules({ mac: '52:54:00:00:00:01', from: {} })).toBe('end\n');
});

test('a link is for both ways, a peer for what comes from it', () => {
  const link = { delayMs: 40, jitterMs: 5, lossPct: 0, rateKbit: 1000 };
  const cut = { delayMs: 0, jitterMs: 0, lossPct: 100, rateKbit: 0 };
  expect(formatRules({ mac: '52:54:00:00:00:01', link, from: { '52:54:00:00:00:02': cut } })).toBe(
    'from * 40 5 0 1000\nto * 40 5 0 1000\nto 52:54:00:00:00:02 0 0 100 0\nend\n',
  );
});
