import { chmod, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { LabConfig } from '../lab-file/config.ts';
import { resolveLab } from '../lab-file/resolve.ts';
import type { LabSpec } from '../lab-file/spec.ts';
import { checkProvisionFiles } from './check-files.ts';
import { provisionerHash } from './content-hash.ts';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'skerry-hash-'));
  for (const folder of ['manifests', 'modules/web/manifests', 'data'])
    await mkdir(join(dir, folder), { recursive: true });
  await writeFile(join(dir, 'manifests/default.pp'), 'include web');
  await writeFile(join(dir, 'modules/web/manifests/init.pp'), 'class web {}');
  await writeFile(join(dir, 'hiera.yaml'), 'version: 5\n');
  await writeFile(join(dir, 'data/common.yaml'), 'a: 1\n');
});
afterEach(() => rm(dir, { recursive: true }));

const PUPPET = { modulePath: 'modules', hieraConfigPath: 'hiera.yaml', facter: { a: '1', b: '2' } };
const labOf = (provision: LabConfig['provision']): LabSpec =>
  resolveLab({ name: 'demo', machines: { one: null }, provision }, { file: join(dir, 'x.ts') });
const hash = (puppet: object = PUPPET): Promise<string> => {
  const lab = labOf({ site: { puppet } });
  return provisionerHash(lab, lab.provision[0] ?? expect.fail('no provisioner'));
};

test.each<[string, () => Promise<unknown>]>([
  ['a module', () => writeFile(join(dir, 'modules/web/manifests/init.pp'), 'class web { }')],
  ['data of hiera', () => writeFile(join(dir, 'data/common.yaml'), 'a: 2\n')],
  ['a mode', () => chmod(join(dir, 'manifests/default.pp'), 0o600)],
  ['a name', () => rename(join(dir, 'modules/web'), join(dir, 'modules/wob'))],
  ['an empty folder', () => mkdir(join(dir, 'modules/web/files'))],
  ['a link', () => symlink('x', join(dir, 'manifests/link'))],
])('%s that changes gives another hash', async (_, change) => {
  const before = await hash();
  expect(await hash()).toBe(before);
  await change();
  expect(await hash()).not.toBe(before);
});

test('a field that changes gives another hash, their order does not', async () => {
  const before = await hash();
  expect(await hash({ ...PUPPET, facter: { a: '1', b: '3' } })).not.toBe(before);
  expect(await hash({ ...PUPPET, facter: { b: '2', a: '1' } })).toBe(before);
});

test('the history of a module does not count', async () => {
  const before = await hash();
  await mkdir(join(dir, 'modules/web/.git'));
  expect(await hash()).toBe(before);
});

test('what is missing is told all at once, a folder without its files', async () => {
  const errors = await checkProvisionFiles(
    labOf({
      a: { shell: { script: 'a.sh' } },
      b: { puppet: { manifestsPath: 'nowhere' } },
      c: { puppet: { manifestFile: 'site.pp', modulePath: ['modules', 'more'] } },
      d: { ansible: { playbook: 'data' } },
      e: { shell: { script: 'e.sh' }, run: 'never' },
    }),
  );
  expect(errors.map(({ path, data }) => [path.join('.'), data['what'], data['file']])).toEqual([
    ['provision.a.shell.script', 'file', join(dir, 'a.sh')],
    ['provision.b.puppet.manifestsPath', 'folder', join(dir, 'nowhere')],
    ['provision.c.puppet.modulePath', 'folder', join(dir, 'more')],
    ['provision.c.puppet.manifestFile', 'file or folder', join(dir, 'manifests/site.pp')],
    ['provision.d.ansible.playbook', 'file', join(dir, 'data')],
  ]);
});
