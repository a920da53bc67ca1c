// What a lab file says of this host is looked at before anything starts. No machine is needed for that.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runSkerry } from './support/run-skerry.ts';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'skerry-files-'));
  await mkdir(join(dir, 'manifests'));
  await writeFile(join(dir, 'skerry.config.yaml'), LAB);
});
afterEach(() => rm(dir, { recursive: true }));

const LAB = `name: demo
machines:
  one: {}
tree:
  - from: src
    to: /srv/src
  - { from: skerry.config.yaml, to: /srv/file, mode: share }
provision:
  base:
    shell:
      script: base.sh
  site:
    puppet:
      modulePath: [modules]
  play:
    ansible: { playbook: site.yml }
  motd:
    file: { from: motd, to: /etc/motd }
  seed: { cloudInit: { userDataFile: user-data } }
daemons:
  web:
    command: ./web
    build: { command: make, cwd: web }
`;

const EXPECTED = [
  'skerry.config.yaml:5:11: error: tree[0].from: there is no folder DIR/src',
  'skerry.config.yaml:7:13: error: tree[1].from: there is no folder DIR/skerry.config.yaml',
  'skerry.config.yaml:11:15: error: provision.base.shell.script: there is no file DIR/base.sh',
  'skerry.config.yaml:13:5: error: provision.site.puppet.manifestFile: there is no file or folder DIR/manifests/default.pp',
  'skerry.config.yaml:14:19: error: provision.site.puppet.modulePath: there is no folder DIR/modules',
  'skerry.config.yaml:16:26: error: provision.play.ansible.playbook: there is no file DIR/site.yml',
  'skerry.config.yaml:18:19: error: provision.motd.file.from: there is no file or folder DIR/motd',
  'skerry.config.yaml:19:38: error: provision.seed.cloudInit.userDataFile: there is no file DIR/user-data',
  'skerry.config.yaml:23:34: error: daemons.web.build.cwd: there is no folder DIR/web',
];

const errorsOf = (stderr: string): string[] =>
  stderr
    .replaceAll(dir, 'DIR')
    .split('\n')
    .filter((line) => line.includes('error'));

test.each([[['validate']], [['up', '--dry-run']], [['up']]])(
  'skerry %j names all that is missing on this host, in one go',
  async (words) => {
    const { code, stderr } = await runSkerry(dir, words);
    expect(errorsOf(stderr)).toEqual(EXPECTED);
    expect(code).toBe(2);
  },
);

test('it is said together with what is wrong with the lab file itself', async () => {
  const lab = LAB.replace('script: base.sh', 'script: base.sh\n      shout: 1');
  await writeFile(join(dir, 'skerry.config.yaml'), lab.replace('  one: {}', '  one: { ram: 1 }'));
  const { stderr } = await runSkerry(dir, ['validate']);
  const errors = errorsOf(stderr);
  expect(errors[0]).toContain("unknown key 'ram'");
  expect(errors.join('\n')).toContain("unknown key 'shout'");
  expect(errors.join('\n')).toContain('there is no folder DIR/src');
});

test('without provisioners in play their files may be missing', async () => {
  const { stderr } = await runSkerry(dir, ['up', '--dry-run', '--no-provision']);
  expect(errorsOf(stderr).map((line) => line.split(':')[1])).toEqual(['5', '7', '23']);
});

test.each([
  ['a trigger', 'triggers: [{ before: up, run: ./make-all }]', ''],
  ['a clone of the superproject', 'source: { url: x, to: gone }', ''],
  ['a tree that is pulled', '', '{ from: /srv/out, to: gone, mode: pull }, '],
])('what %s may bring is not asked for', async (_, more, pull) => {
  const lab = `name: demo
machines: { one: {} }
tree: [${pull}{ from: gone/src, to: /srv/src }]
provision: { base: { shell: { script: gone/base.sh } } }
${more}
`;
  await writeFile(join(dir, 'skerry.config.yaml'), lab);
  expect(await runSkerry(dir, ['validate'])).toMatchObject({ code: 0, stderr: '' });
});

test('a superproject that is there is looked into', async () => {
  await mkdir(join(dir, 'all'));
  const lab = `name: demo
machines: { one: {} }
source: { url: x, to: all }
tree: { from: all/app, to: /srv/app }
`;
  await writeFile(join(dir, 'skerry.config.yaml'), lab);
  const { stderr } = await runSkerry(dir, ['validate']);
  expect(errorsOf(stderr)).toEqual([
    'skerry.config.yaml:4:15: error: tree.from: there is no folder DIR/all/app',
  ]);
});
