import { expect, test } from 'vitest';
import { failureKind, gitFailure } from './git-failure.ts';
import { hideCredentials } from '../util/hide-credentials.ts';

test.each([
  ['kex_exchange_identification: read: Connection reset by peer', 'transient'],
  ["fatal: unable to access 'https://x/': The requested URL returned error: 429", 'transient'],
  [
    'ssh: Could not resolve hostname git.example.org: Temporary failure in name resolution',
    'transient',
  ],
  ['fatal: the remote end hung up unexpectedly', 'transient'],
  ["fatal: could not read Username for 'https://x': terminal prompts disabled", 'denied'],
  [
    'git@x: Permission denied (publickey).\nfatal: Could not read from remote repository.',
    'denied',
  ],
  [
    "fatal: '/srv/x.git' does not appear to be a git repository\nfatal: Could not read from remote repository.",
    'missing',
  ],
  ["remote: Repository not found.\nfatal: repository 'https://x/y/' not found", 'missing'],
  [
    'Warning: Identity file /k not accessible: No such file or directory.\ngit@x: Permission denied (publickey).',
    'denied',
  ],
  [
    'no such identity: /k: No such file or directory\nConnection reset by 1.2.3.4 port 22',
    'transient',
  ],
  ['error: cannot run ssh: No such file or directory\nfatal: unable to fork', 'other'],
  ["fatal: Unable to create '/x/.git/index.lock': File exists.", 'locked'],
  ['remote: no repository for you\nfatal: remote error: hook', 'other'],
  ['fatal: no commits selected for shallow requests\nfatal: the remote end hung up', 'other'],
  ['fatal: remote error: upload-pack: not our ref 12ab', 'other'],
])('%s is %s', (said, kind) => {
  expect(failureKind(said)).toBe(kind);
});

test('keeps what git said whole, without credentials, and gives the command to try', () => {
  const error = gitFailure(
    ['ls-remote', '--', 'https://me:s3cret@example.org/x.git'],
    { about: 'libfoo', url: 'https://me:s3cret@example.org/x.git' },
    "line one\nfatal: unable to access 'https://me:s3cret@example.org/x.git/': odd",
  );
  expect(`${error.message}\n${error.hint}`).toMatchInlineSnapshot(`
    "git ls-remote failed for libfoo:
      line one
      fatal: unable to access 'https://example.org/x.git/': odd
    try it by hand: git ls-remote -- https://example.org/x.git"
  `);
  expect(JSON.stringify(error)).not.toContain('s3cret');
});

test.each([
  ['https://token@host/x', 'https://host/x'],
  ['ssh://git:pw@host/x', 'ssh://git@host/x'],
  ['https://me:p@ss@host/x', 'https://host/x'],
  ['ssh://git:p@ss@host/x', 'ssh://git@host/x'],
  ['ssh://me@corp:p@ss@host:22/x', 'ssh://me@corp@host:22/x'],
  ["'https://host/x' and me@host", "'https://host/x' and me@host"],
  ['git@host:x and ssh://git@host/x', 'git@host:x and ssh://git@host/x'],
])('%s is shown as %s', (text, shown) => {
  expect(hideCredentials(text)).toBe(shown);
});
