import { expect, test } from 'vitest';
import { environmentManifest, hostPathMapper, puppetPaths } from './puppet-paths.ts';

test('with neither path it is the folder manifests', () => {
  const paths = puppetPaths('/srv', {});
  expect(paths.folders.map(({ host, from }) => [host, from])).toEqual([
    ['/srv/manifests', 'manifestsPath'],
  ]);
  expect(paths.manifest).toBe('/srv/manifests/default.pp');
  expect(paths.environments).toBeUndefined();
});

test('with environmentPath it is production, and the manifest is the environment’s', () => {
  const paths = puppetPaths('/srv', { environmentPath: 'envs', tempDir: '/t' });
  expect(paths.environments).toEqual({ path: '/t/environments', name: 'production' });
  expect(paths.manifestInGuest).toBeUndefined();
  expect(paths.environment).toBe('/srv/envs/production');
  expect(paths.folders.map(({ guest }) => guest)).toEqual(['/t/environments']);
});

test('a manifest file of an environment, or of a manifests folder beside it', () => {
  const environmentPath = 'envs';
  const inEnvironment = puppetPaths('/srv', {
    environmentPath,
    tempDir: '/t',
    manifestFile: 's.pp',
  });
  expect(inEnvironment.manifestInGuest).toBe('/t/environments/production/s.pp');
  const beside = { environmentPath, manifestsPath: ['vm', '/m'], manifestFile: 's.pp' };
  expect(puppetPaths('/srv', beside).manifestInGuest).toBe('/m/s.pp');
});

test('paths of the machine are not sent, but have to be there', () => {
  const paths = puppetPaths('/srv', {
    manifestsPath: ['vm', '/etc/puppet/manifests'],
    modulePath: 'modules',
  });
  expect(paths.folders.map(({ host }) => host)).toEqual(['/srv/modules']);
  expect(paths.vmFolders).toEqual(['/etc/puppet/manifests']);
  expect(paths.manifestInGuest).toBe('/etc/puppet/manifests/default.pp');
  expect(paths.manifest).toBeUndefined();
});

test('a folder that is named twice is sent once, and rsync’s exclusions are kept', () => {
  const { folders } = puppetPaths('/srv', {
    ...{ modulePath: ['m', 'm'], manifestsPath: ['vm', '/x'] },
    syncedFolderArgs: ['-v', '--exclude', 'spec/', '--exclude=*.orig'],
  });
  expect(folders.map(({ exclude }) => exclude)).toEqual([['.git', 'spec/', '*.orig']]);
});

const environments = { path: '/t/environments', name: 'test' };
test.each([
  ['', '/t/environments/test/manifests'],
  ['modulepath = site\n', '/t/environments/test/manifests'],
  ['manifest = site.pp\n', '/t/environments/test/site.pp'],
  ['manifest=site.pp', '/t/environments/test/site.pp'],
  ['  manifest = /etc/site.pp # here', '/etc/site.pp'],
  ['manifest = $codedir/m/$environment/x.pp', '/t/m/test/x.pp'],
  ['# manifest = no.pp', '/t/environments/test/manifests'],
])('environment.conf %j means %s', (conf, manifest) => {
  expect(environmentManifest(conf, environments)).toBe(manifest);
});

test('paths of the machine become those of this host', () => {
  const paths = puppetPaths('/srv/lab', { modulePath: '/usr/share/m', hieraConfigPath: 'h.yaml' });
  const [manifests, modules] = paths.folders.map(({ guest }) => guest);
  const mapper = hostPathMapper('/srv/lab', paths);
  expect(mapper.short(`${manifests}/a/b.pp`)).toBe('manifests/a/b.pp');
  expect(mapper.absolute(`${manifests}/a/b.pp`)).toBe('/srv/lab/manifests/a/b.pp');
  expect(mapper.short(`${modules}/x/init.pp`)).toBe('/usr/share/m/x/init.pp');
  expect(mapper.absolute('/etc/motd')).toBeUndefined();
  expect(mapper.text(`in ${manifests}/x.pp and ${paths.tempDir}/hiera.yaml`)).toBe(
    'in manifests/x.pp and h.yaml',
  );
});
