import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { keyLines, sshKeys } from './ssh-keys.ts';

const GOOD =
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIj3kFTze3X9Jbxp5iM/GtjXZ5WKzRy7xtinTumgYTla ann@laptop';

function problems(text: string): string[] {
  return sshKeys.safeParse(text).error?.issues.map(({ message }) => message) ?? [];
}

test.each([['ed25519'], ['rsa'], ['ecdsa']])('what ssh-keygen makes is taken: %s', (type) => {
  const folder = mkdtempSync(join(tmpdir(), 'skerry-key-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-f', join(folder, 'key')]);
  expect(problems(readFileSync(join(folder, 'key.pub'), 'utf8'))).toEqual([]);
  const secret = problems(readFileSync(join(folder, 'key'), 'utf8'));
  expect(secret).toEqual([expect.stringMatching(/^line 1: a private key, .* ends with \.pub$/)]);
});

test.each([
  ['ssh-ed25519', 1],
  ['hello', 1],
  [`${GOOD}\n\n# a comment\nssh-ed25519 AAAA`, 4],
  // Of another type than it says.
  [GOOD.replace('ssh-ed25519', 'ssh-rsa'), 1],
  [`command="reboot" ${GOOD}`, 1],
])('%s is refused, with its line', (text, line) => {
  expect(problems(text)).toEqual([expect.stringContaining(`line ${line}: no public key`)]);
});

test.each([[''], ['\n'], ['# nobody yet\n']])('%j is no key', (text) => {
  expect(problems(text)).toEqual(['there is no public key in it']);
});

test('comments, empty lines and blanks at the ends go', () => {
  expect(keyLines(`# Ann\r\n\r\n  ${GOOD}\r\n`)).toBe(`${GOOD}\n`);
  expect(keyLines('\n# nobody\n')).toBe('');
});
