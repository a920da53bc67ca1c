import { spawnSync } from 'node:child_process';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Identity, identityHash, identityScript } from './identity.ts';

const identity: Identity = {
  hostname: 'central-server',
  aliases: ['central_server'],
  domain: 'archipelago.test',
  address: '10.97.160.97',
  gateway: '10.97.160.1',
  machineId: '0123456789abcdef0123456789abcdef',
  hostKey: '-----BEGIN OPENSSH PRIVATE KEY-----\nsecret\n-----END OPENSSH PRIVATE KEY-----\n',
  hostPublicKey: 'ssh-ed25519 AAAA central-server\n',
  authorizedKey: 'ssh-ed25519 BBBB skerry archipelago\n',
  nested: false,
};
const syntaxOf = (script: string): string =>
  spawnSync('sh', ['-n'], { input: script, encoding: 'utf8' }).stderr;

test('the script is good shell', () => {
  expect(syntaxOf(identityScript(identity, Buffer.alloc(64, 7)))).toBe('');
  expect(syntaxOf(identityScript({ ...identity, nested: true }, Buffer.alloc(0)))).toBe('');
});

// What the lab file lets through as names: letters, digits, - and _; keys may have any comment.
const label = fc.stringMatching(/^[a-z0-9](?:[a-z0-9-]{0,20}[a-z0-9])?$/);
const comment = fc
  .string({ unit: 'grapheme-ascii', maxLength: 30 })
  .filter((each) => !/[\r\n]/.test(each));

test('it stays good shell, and says each value, whatever valid value it gets', () => {
  fc.assert(
    fc.property(
      label,
      fc.array(label, { maxLength: 3 }),
      label,
      comment,
      (hostname, aliases, domain, words) => {
        const authorizedKey = `ssh-ed25519 AAAA ${words}`;
        const script = identityScript(
          { ...identity, hostname, aliases, domain, authorizedKey },
          Buffer.alloc(64),
        );
        expect(syntaxOf(script)).toBe('');
        expect(script).toContain(`\n${authorizedKey.trim()}\n`);
        expect(script).toContain(
          `${identity.address} ${[`${hostname}.${domain}`, hostname, ...aliases].join(' ')}\n`,
        );
      },
    ),
    { numRuns: 40 },
  );
});

test('a key with a quote, a substitution or a dollar is written as it is', () => {
  const authorizedKey = `ssh-ed25519 AAAA it's "$(touch /tmp/x)" \`id\` $HOME \\`;
  const script = identityScript({ ...identity, authorizedKey }, Buffer.alloc(1));
  const [, part = ''] =
    /cat >\/root\/\.ssh\/authorized_keys (<<'\.'\n[\s\S]*?\n\.\n)/.exec(script) ?? [];
  const { stdout } = spawnSync('sh', ['-s'], { input: `cat ${part}`, encoding: 'utf8' });
  expect(stdout).toBe(`${authorizedKey}\n`);
});

test('the hash names the identity without its secret', () => {
  expect(identityHash({ ...identity, hostKey: 'another' })).toBe(identityHash(identity));
  expect(identityHash({ ...identity, address: '10.97.160.98' })).not.toBe(identityHash(identity));
});
