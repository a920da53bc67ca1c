import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PuppetConfig } from '../lab-file/config-provision.ts';
import { badNames, puppetCommand } from './puppet-command.ts';
import { puppetPaths } from './puppet-paths.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'skerry-puppet-'));
  // Says its words and its environment.
  writeFileSync(
    join(folder, 'puppet'),
    `#!/bin/sh\nprintf '%s\\0' "$@"; printf '\\0'\nexec env -0\n`,
  );
  chmodSync(join(folder, 'puppet'), 0o755);
});
afterAll(() => rmSync(folder, { recursive: true }));

const command = (config: PuppetConfig, binaryPath?: string): string => {
  const paths = puppetPaths('/srv', config);
  return puppetCommand({ config, paths, binaryPath, manifest: paths.manifestInGuest ?? '/m' });
};

test('every part is where Vagrant has it', () => {
  const config: PuppetConfig = {
    workingDirectory: '/srv',
    environmentVariables: { LOG: 'x' },
    facter: { role: 'web', port: 80, fast: true },
    options: ['--verbose', '--debug'],
    modulePath: ['modules', 'site'],
    hieraConfigPath: 'hiera.yaml',
    environmentPath: 'environments',
    tempDir: '/tmp/p',
  };
  expect(command(config, '/opt/puppetlabs/bin/')).toBe(
    "cd /srv && LOG='x' FACTER_role='web' FACTER_port='80' FACTER_fast='true' " +
      '/opt/puppetlabs/bin/puppet apply --verbose --debug ' +
      `--modulepath /tmp/p/modules-${md5('modules')}:/tmp/p/modules-${md5('site')}:/etc/puppet/modules ` +
      '--hiera_config=/tmp/p/hiera.yaml --color=false --detailed-exitcodes ' +
      '--environmentpath /tmp/p/environments/ --environment production /m',
  );
});

test('with nothing said it is the manifest default.pp', () => {
  expect(command({})).toBe(
    `puppet apply --color=false --detailed-exitcodes /tmp/skerry-puppet/manifests-${md5('manifests')}/default.pp`,
  );
});

test('options are words as a shell has them, in a text and in a list', () => {
  const { words } = run({ options: '--tags "a b" --logdest=/x' });
  expect(words.slice(1, 4)).toEqual(['--tags', 'a b', '--logdest=/x']);
  expect(run({ options: ['--tags a', '--noop'] }).words.slice(1, 4)).toEqual([
    ...['--tags', 'a', '--noop'],
  ]);
});

test('a quote, a newline or a $ in a value arrives as it is', () => {
  const text = fc.string({ unit: 'binary', maxLength: 20 }).filter((one) => !one.includes('\0'));
  const nasty = fc.constantFrom(`it's`, 'a\nb', '$HOME `id` $(id)', String.raw`\'"\\`, '');
  const value = fc.oneof(text, nasty);
  const path = value.map((one) => `/${one.replaceAll('/', '')}`);
  fc.assert(
    fc.property(value, value, path, (fact, variable, manifests) => {
      const config: PuppetConfig = {
        ...{ facter: { fact }, environmentVariables: { VARIABLE: variable } },
        manifestsPath: ['vm', manifests],
      };
      const { words, env } = run(config);
      expect(env.FACTER_fact).toBe(fact);
      expect(env.VARIABLE).toBe(variable);
      expect(words.at(-1)).toBe(puppetPaths('/', config).manifestInGuest);
    }),
    { numRuns: 40 },
  );
}, 60_000);

test('names that a shell would run are refused', () => {
  expect(
    badNames({ facter: { 'a;reboot': 1, ok: 1 }, environmentVariables: { '1x': '' } }),
  ).toEqual(['a;reboot', '1x']);
});

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

function run(config: PuppetConfig): { words: string[]; env: Record<string, string> } {
  const output = execFileSync('sh', ['-s'], {
    input: `${command(config, folder)} </dev/null\n`,
    encoding: 'utf8',
  });
  const [words = '', env = ''] = output.split('\0\0');
  const pairs = env
    .split('\0')
    .filter(Boolean)
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]);
  return { words: words.split('\0'), env: Object.fromEntries(pairs) as Record<string, string> };
}
