import { spawnSync } from 'node:child_process';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type FreshValues,
  type Identity,
  identityHash,
  identityScript,
  SETTLE_SCRIPT,
} from './identity.ts';

const identity: Identity = {
  hostname: 'central-server',
  aliases: ['central_server'],
  domain: 'archipelago.test',
  mac: '52:54:00:1a:2b:3c',
  address: '10.97.160.97',
  netmask: '255.255.255.0',
  gateway: '10.97.160.1',
  hasUplink: true,
  machineId: '0123456789abcdef0123456789abcdef',
  hostKey: '-----BEGIN OPENSSH PRIVATE KEY-----\nsecret\n-----END OPENSSH PRIVATE KEY-----\n',
  hostPublicKey: 'ssh-ed25519 AAAA central-server\n',
  authorizedKey: 'ssh-ed25519 BBBB skerry archipelago\n',
  nested: false,
};
const fresh: FreshValues = {
  seed: Buffer.alloc(64, 7),
  bootId: 'd21ef878-124d-4445-9e4e-0737bdcb6a01',
  nowMs: 1_764_000_000_123,
};
const perl = (script: string, ...words: string[]): { stdout: string; stderr: string } =>
  spawnSync('perl', [...words, '-'], { input: script, encoding: 'utf8' });
/** With `strict` and `warnings`, as the helper has them. */
const syntaxOf = (script: string): string =>
  perl(`use strict; use warnings;\n${script}`, '-c').stderr;

test('the scripts are good Perl', () => {
  for (const nested of [true, false])
    for (const hasUplink of [true, false])
      expect(syntaxOf(identityScript({ ...identity, nested, hasUplink }, fresh))).toBe(
        '- syntax OK\n',
      );
  expect(syntaxOf(SETTLE_SCRIPT)).toBe('- syntax OK\n');
});

// What the lab file lets through as names: letters, digits, - and _; keys may have any comment.
const label = fc.stringMatching(/^[a-z0-9](?:[a-z0-9-]{0,20}[a-z0-9])?$/);
const comment = fc
  .string({ unit: 'grapheme-ascii', maxLength: 30 })
  .filter((each) => !/[\r\n]/.test(each));

test('it stays good Perl, and writes each value, whatever valid value it gets', () => {
  fc.assert(
    fc.property(
      label,
      fc.array(label, { maxLength: 3 }),
      label,
      comment,
      (hostname, aliases, domain, words) => {
        const authorizedKey = `ssh-ed25519 AAAA ${words}`.trim();
        const script = identityScript(
          { ...identity, hostname, aliases, domain, authorizedKey },
          fresh,
        );
        const puts = script
          .split('\n')
          .join('\n')
          .matchAll(/^put\((.*?), 0\d+\);$/gms);
        const printing = [...puts].map(([, args]) => `print join "\\0", ${args}; print "\\0";`);
        const written = perl(printing.join('\n')).stdout.split('\0');
        const file = (path: string): string | undefined => written[written.indexOf(path) + 1];
        expect(file('/root/.ssh/authorized_keys')).toBe(`${authorizedKey}\n`);
        expect(file('/etc/hostname')).toBe(`${hostname}\n`);
        expect(file('/etc/hosts')).toContain(
          `${identity.address} ${[`${hostname}.${domain}`, hostname, ...aliases].join(' ')}\n`,
        );
      },
    ),
    { numRuns: 40 },
  );
});

test('the hash names the identity without its secret', () => {
  expect(identityHash({ ...identity, hostKey: 'another' })).toBe(identityHash(identity));
  expect(identityHash({ ...identity, address: '10.97.160.98' })).not.toBe(identityHash(identity));
});
