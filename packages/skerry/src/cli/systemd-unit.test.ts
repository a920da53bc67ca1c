import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemdUnit } from './systemd-unit.ts';

const program = ['/usr/bin/node', '/usr/lib/node_modules/skerry/dist/main.js'];
const isThere = spawnSync('systemd-analyze', ['--version']).status === 0;
const name = `systemd takes them${isThere ? '' : ' (not run: there is no systemd-analyze)'}`;

test.skipIf(!isThere).each(['central', 'agent'] as const)(`${name}: %s`, (part) => {
  const dir = mkdtempSync(join(tmpdir(), 'skerry-unit-'));
  const file = join(dir, `skerry-${part}.service`);
  // Both are on every host; the real ones need not be.
  writeFileSync(file, systemdUnit(part, '/var/lib/my 100% $kerry', ['/bin/sh', '/dev/null']));
  const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', file], {
    encoding: 'utf8',
  });
  rmSync(dir, { recursive: true });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

test('words are as systemd reads them', () => {
  expect(systemdUnit('agent', '/var/lib/my 100% $kerry', program)).toContain(
    'ExecStart=/usr/bin/node /usr/lib/node_modules/skerry/dist/main.js agent run --dir "/var/lib/my 100%% $$kerry"\n',
  );
});

test.each([
  ['/var/lib/skerry/central', program, 'yes'],
  ['/var/lib/skerry/central', ['/root/.nvm/node', '/root/x.js'], 'read-only'],
  ['/home/ann/central', program, 'no'],
])('with files in %s and %j homes are protected: %s', (dir, words, is) => {
  expect(systemdUnit('central', dir, words)).toContain(`\nProtectHome=${is}\n`);
});

test('what is a link to something in a home is in that home', () => {
  const folder = mkdtempSync(join(tmpdir(), 'skerry-unit-'));
  const link = join(folder, 'skerry');
  symlinkSync('/root', link);
  try {
    const unit = (dir: string, script: string): string =>
      systemdUnit('central', dir, ['/usr/bin/node', script]);
    expect(unit('/var/lib/skerry', link)).toContain('\nProtectHome=read-only\n');
    expect(unit(link, '/usr/lib/skerry.js')).toContain('\nProtectHome=no\n');
    expect(unit('/var/lib/skerry', link)).toContain(`ExecStart=/usr/bin/node ${link} `);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
