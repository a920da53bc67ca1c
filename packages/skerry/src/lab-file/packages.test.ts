import { expect, test } from 'vitest';
import type { LabConfig } from './config.ts';
import { variantName } from './packages.ts';
import { resolveLab } from './resolve.ts';

const machines = (config: Omit<LabConfig, 'name'>): [string, string | undefined, string][] =>
  resolveLab({ name: 'demo', ...config }, { file: '/srv/skerry.config.ts' }).machines.map(
    ({ image, baseImage, packages }) => [image, baseImage, packages.join(' ')],
  );

test('without packages a machine has the image itself', () => {
  expect(machines({ machines: { one: null } })).toEqual([['debian-12', undefined, '']]);
});

test('a machine gets what its provisioners need, and only those that are on it', () => {
  const provision = {
    site: { puppet: {}, on: 'one' },
    seed: { cloudInit: { userData: '#cloud-config' }, on: 'two' },
  };
  const [one, two, three] = machines({
    ...{ provision, packages: ['etcd-server'] },
    machines: { one: {}, two: { packages: [] }, three: {} },
  });
  expect(one).toEqual([
    variantName('debian-12', ['etcd-server', 'puppet-agent']),
    'debian-12',
    'etcd-server puppet-agent',
  ]);
  expect(two?.[2]).toBe('cloud-init');
  expect(three?.[2]).toBe('etcd-server');
});

test('puppet that the lab file brings along is not asked for again', () => {
  const packagesOf = (packages: string[], puppet = {}): string | undefined =>
    machines({ provision: { site: { puppet } }, machines: { one: { packages } } })[0]?.[2];
  expect(packagesOf(['puppet-agent=7.23.0-1'])).toBe('puppet-agent=7.23.0-1');
  expect(packagesOf(['puppet'])).toBe('puppet');
  expect(packagesOf([], { binaryPath: '/opt/puppetlabs/bin' })).toBe('');
  expect(packagesOf(['puppet-lint'])).toBe('puppet-agent puppet-lint');
});

test("a variant's name depends on the packages, not on their order", () => {
  expect(variantName('debian-12', ['b', 'a', 'b'])).toBe(variantName('debian-12', ['a', 'b']));
  expect(variantName('debian-12', ['a'])).not.toBe(variantName('debian-12', ['b']));
  expect(variantName('debian-12', ['a'])).toMatch(/^debian-12-with-[0-9a-f]{8}$/);
});
