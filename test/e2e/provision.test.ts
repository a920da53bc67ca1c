// Provisioners of all kinds in real machines. Each is `never`, so that `up` leaves them to the tests. Puppet is busy in the one
// while cloud-init and Ansible are in the other.
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SkerryError } from '../../packages/skerry/src/util/errors.ts';
import { testLab, type TestLab } from './support/lab.ts';
import { provision, type Provisioned } from './support/provision.ts';

const PUPPET = {
  modulePath: 'puppet/modules',
  manifestsPath: 'puppet/manifests',
  hieraConfigPath: 'puppet/hiera.yaml',
  facter: { quoted: `it's "$HOME" \\` },
  structuredFacts: { cluster: { members: ['one', 'two'] } },
};
const SLOW = { ...PUPPET, manifestFile: 'slow.pp' };
const SCRIPT = { script: 'setup.sh', args: ['a b', `it's`], env: { SECRET: '$x "y"' } };
const never = (provisioner: object): object => ({ ...provisioner, run: 'never' });
const CONFIG = {
  ...{ name: 'prov', image: 'debian-12', memory: 512 },
  machines: { one: {}, two: {} },
  provision: {
    script: never({ shell: SCRIPT }),
    user: never({ shell: { inline: 'id -un; id -G; pwd; exit 4', user: 'www-data' } }),
    restart: never({ shell: { inline: 'cat /proc/sys/kernel/random/boot_id', reboot: true } }),
    file: never({
      file: { from: 'setup.sh', to: '/srv/new/x.sh', owner: 'www-data', mode: '0640' },
    }),
    folder: never({ file: { from: 'tree', to: '/srv/tree' } }),
    owner: never({ file: { from: 'setup.sh', to: '/srv/x', owner: 'root:nobodies' } }),
    site: never({ puppet: PUPPET }),
    syntax: never({ puppet: { environmentPath: 'envs', environment: 'test' } }),
    failing: never({ puppet: { ...PUPPET, manifestFile: 'failing.pp' } }),
    slow: never({ puppet: SLOW }),
    seed: never({ cloudInit: { userDataFile: 'user-data' } }),
    play: never({
      ansible: { playbook: 'ansible/site.yml', mode: 'local', extraVars: { word: `it's` } },
    }),
  },
};

const FILES: Readonly<Record<string, string>> = {
  'setup.sh': `#!/bin/bash
printf '%s|' "$@" "$SECRET" >/root/script
echo on stdout
echo on stderr >&2
`,
  'tree/a/b': 'b',
  'puppet/manifests/default.pp': `file { '/root/quoted': content => $facts['quoted'] }
file { '/root/members': content => join($facts['cluster']['members'], ' ') }
include web
`,
  'puppet/manifests/failing.pp': `file { '/root/before': content => 'x' }
exec { 'no such luck':
  command => '/bin/false',
}
`,
  'puppet/manifests/slow.pp': `file { '/root/fast': content => 'x' }
exec { 'for ever': command => '/bin/sleep 1000', timeout => 0, require => File['/root/fast'] }
`,
  'puppet/modules/web/manifests/init.pp': `class web {
  file { '/root/web': content => lookup('web::word') }
}
`,
  'puppet/modules/old/manifests/init.pp': 'class old {}\n',
  'puppet/hiera.yaml': `version: 5
hierarchy:
  - name: common
    path: common.yaml
`,
  'puppet/data/common.yaml': 'web::word: from hiera\n',
  'envs/test/environment.conf': 'manifest = $environment.pp\n',
  'envs/test/test.pp': "notify { 'fine': }\nfile { '/root/x' content => 'no colon' }\n",
  'user-data': `#cloud-config
write_files:
  - path: /root/seeded
    permissions: '0600'
    content: hush
runcmd:
  - [sh, -c, 'hostname >/root/ran']
`,
  'ansible/site.yml': `- hosts: all
  gather_facts: false
  tasks:
    - name: write it
      copy: { content: '{{ word }}', dest: /root/played }
`,
};

let lab: TestLab;
/** What happens in the other machine meanwhile. */
let seeded: Promise<Provisioned>;
let played: Promise<Provisioned>;
/** How long the last run of puppet took. */
let puppetMs = 0;
/** The longest time-out that is tried. */
const MOST_S = 400;
const PUPPET_RUNS = 'pgrep -f "[p]uppet apply|[s]leep 1000" || echo none';
const failureOf = (name: string): Promise<SkerryError> =>
  provision(lab, name, 'one').then(
    () => expect.fail('it succeeded'),
    (error: unknown) => error as SkerryError,
  );
const inGuest = async (command: string, machine = 'one'): Promise<string> =>
  (await lab.ok(['exec', '--on', machine, '--', command])).trimEnd();
const put = async (name: string, content: string): Promise<void> => {
  await mkdir(dirname(join(lab.dir, name)), { recursive: true });
  await writeFile(join(lab.dir, name), content);
};

beforeAll(async () => {
  lab = await testLab(CONFIG);
  for (const [name, content] of Object.entries(FILES)) await put(name, content);
  await chmod(join(lab.dir, 'setup.sh'), 0o755);
  await lab.ok(['up'], { timeoutMs: 800_000 });
  seeded = provision(lab, 'seed', 'two');
  played = seeded.catch(() => {}).then(() => provision(lab, 'play', 'two'));
  played.catch(() => {});
});
afterAll(async () => {
  await lab[Symbol.asyncDispose]();
});

test('the image has the packages, and list says so', async () => {
  const images = JSON.parse(await lab.ok(['image', 'list', '--json'])) as { packages?: string[] }[];
  expect(images).toContainEqual(
    expect.objectContaining({
      base: 'debian-12',
      packages: ['ansible-core', 'cloud-init', 'puppet-agent', 'python3-apt'],
    }),
  );
});

describe('shell', () => {
  test('a script gets arguments and environment as they are, its lines are shown', async () => {
    const { lines } = await provision(lab, 'script', 'one');
    expect([...lines].sort()).toEqual(['on stderr', 'on stdout']);
    expect(await inGuest('cat /root/script')).toBe(`a b|it's|$x "y"|`);
    expect(await inGuest('ls -A /var/lib/skerry/provision')).toBe('');
  });

  test('as another user; its exit code and last lines are in the error', async () => {
    await expect(provision(lab, 'user', 'one')).rejects.toMatchObject({
      code: 'PROVISION_FAILED',
      message: expect.stringMatching(
        /^provisioner user failed on one: its commands: exit code 4\n {2}www-data\n {2}33\n {2}\/var\/www$|\n {2}\/$/,
      ),
    });
  });

  test('reboot starts the machine anew', async () => {
    const { lines } = await provision(lab, 'restart', 'one');
    expect(await inGuest('cat /proc/sys/kernel/random/boot_id')).not.toBe(lines[0]);
  });
});

describe('file', () => {
  test('a file has the name, owner and mode that are asked for', async () => {
    await provision(lab, 'file', 'one');
    expect(await inGuest('stat -c "%U:%G %a" /srv/new/x.sh; cat /srv/new/x.sh')).toBe(
      `www-data:www-data 640\n${FILES['setup.sh']?.trimEnd()}`,
    );
    expect(await inGuest('ls -A /srv/new')).toBe('x.sh');
  });

  test('a folder is added to what is there', async () => {
    await inGuest('mkdir -p /srv/tree/a && echo c >/srv/tree/a/c');
    await provision(lab, 'folder', 'one');
    expect(await inGuest('cd /srv/tree && find . -type f | sort')).toBe('./a/b\n./a/c');
  });

  test('an unknown group is named', async () => {
    await expect(provision(lab, 'owner', 'one')).rejects.toThrow('there is no group nobodies');
  });
});

describe('puppet', () => {
  test('changes first, with file and line; then nothing to change', async () => {
    const began = performance.now();
    const first = await provision(lab, 'site', 'one');
    puppetMs = performance.now() - began;
    expect(first).toMatchObject({ changed: 3, summary: '3 resources changed' });
    expect(first.changes.map(({ what, place }) => [what.replace(/:.*/, ''), place])).toEqual(
      expect.arrayContaining([
        ['File[/root/quoted]', 'puppet/manifests/default.pp:1'],
        ['File[/root/web]', 'puppet/modules/web/manifests/init.pp:2'],
      ]),
    );
    expect(await inGuest('cat /root/quoted /root/members /root/web')).toBe(
      `${PUPPET.facter.quoted}one twofrom hiera`,
    );
    await rm(join(lab.dir, 'puppet/modules/old'), { recursive: true });
    const second = await provision(lab, 'site', 'one');
    expect(second).toMatchObject({ changed: 0, summary: 'nothing to change', changes: [] });
    expect(await inGuest('ls /tmp/skerry-puppet/modules-*')).toBe('web');
  });

  test.each([
    ['syntax', /Syntax error.*\(envs\/test\/test\.pp:2\)/, 'envs/test/test.pp'],
    [
      'failing',
      /Exec\[no such luck\] \(puppet\/manifests\/failing\.pp:2\): .*returned 1/,
      'puppet/manifests/failing.pp',
    ],
  ])('%s names resource, file and line', async (name, message, file) => {
    const began = performance.now();
    const failure = await failureOf(name);
    puppetMs = Math.max(puppetMs, performance.now() - began);
    expect(failure).toMatchObject({
      code: 'PROVISION_FAILED',
      message: expect.stringMatching(message),
      place: { file: join(lab.dir, file), line: 2 },
    });
    expect(await inGuest(PUPPET_RUNS)).toBe('none');
  });

  test('a time-out names the resource that took so long, and ends all of it', async () => {
    const { slow } = CONFIG.provision;
    // However slow this host is, one of them is long enough to get to that resource.
    for (let timeout = Math.ceil(puppetMs / 1000) + 20; ; timeout *= 2) {
      await lab.write({
        ...CONFIG,
        provision: { ...CONFIG.provision, slow: { ...slow, puppet: { ...SLOW, timeout } } },
      });
      const failure = await failureOf('slow');
      expect(failure).toMatchObject({
        code: 'PROVISION_FAILED',
        message: expect.stringContaining(`timeout of ${timeout} s`),
      });
      expect(await inGuest(PUPPET_RUNS)).toBe('none');
      if (timeout < MOST_S && !failure.message.includes(', at Exec')) continue;
      expect(failure.message).toContain(', at Exec[for ever] (puppet/manifests/slow.pp:2)');
      // Some messages of Puppet have a column too, some have none.
      expect(failure.place).toMatchObject({
        file: join(lab.dir, 'puppet/manifests/slow.pp'),
        line: 2,
      });
      break;
    }
  });
});

test('cloud-init does what the user data says, and leaves the machine its name and keys', async () => {
  await seeded;
  expect(await inGuest('cat /root/ran; stat -c %a /root/seeded; cat /root/seeded', 'two')).toBe(
    'two\n600\nhush',
  );
  // The key that this host knows.
  expect(await lab.ok(['ssh', 'two', '--', 'hostname'])).toBe('two\n');
  expect(await inGuest('find /var/lib/cloud -name "user-data*" -perm /077 -type f', 'two')).toBe(
    '',
  );
});

test('ansible in the machine says what it changed', async () => {
  expect(await played).toMatchObject({ changed: 1, changes: [{ what: 'write it' }] });
  expect(await inGuest('cat /root/played', 'two')).toBe(`it's`);
});

test('the command shows the same, and its exit code is that of the failure', async () => {
  expect(await lab.ok(['provision', '--only', 'folder', 'two'])).toMatch(/folder/);
  const { code, stderr } = await lab.skerry(['provision', '--only', 'user', 'two']);
  expect(code).toBe(1);
  expect(stderr).toContain('provisioner user failed on two: its commands: exit code 4');
});

test('what is not on this host is told before anything happens', async () => {
  const playbook = await readFile(join(lab.dir, 'ansible/site.yml'));
  await rm(join(lab.dir, 'ansible/site.yml'));
  await expect(provision(lab, 'play', 'one')).rejects.toThrow(
    `provision.play.ansible.playbook: there is no file ${join(lab.dir, 'ansible/site.yml')}`,
  );
  await writeFile(join(lab.dir, 'ansible/site.yml'), playbook);
});
