import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ShellJob, shellScript } from './shell-script.ts';

let folder = '';
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'skerry-shell-'))));
afterEach(() => rmSync(folder, { recursive: true }));

/** As the guest helper runs it: from stdin, with $/ undefined. */
function run(content: string | Buffer, more: Partial<ShellJob> = {}) {
  const job = { folder: join(folder, 'a', 'b'), args: [], env: {}, user: userInfo().username };
  const perl = shellScript({ ...job, content: Buffer.from(content), ...more });
  const { status, signal, stdout, stderr } = spawnSync(
    'perl',
    [
      '-e',
      'use strict; use warnings; local $/; eval <STDIN> . "\\n; 1" or do { print STDERR $@; exit 1 }',
    ],
    { input: perl, encoding: 'utf8' },
  );
  return { status, signal, stdout, stderr };
}

test('arguments, environment and content arrive as they are', () => {
  const nasty = `it's "$HOME" \\ \n€`;
  const { stdout, stderr } = run(`printf '%s|' "$@" "$SECRET" '€'`, {
    ...{ args: [nasty, ''], env: { SECRET: nasty } },
  });
  expect(stderr).toBe('');
  expect(stdout).toBe(`${nasty}||${nasty}|€|`);
});

test('the exit code is that of the script, which is gone afterwards', () => {
  expect(run('ls "$0" >/dev/null && exit 3').status).toBe(3);
  expect(readdirSync(join(folder, 'a'))).toEqual([]);
});

test('neither script nor environment is in the arguments of a process', () => {
  const { stdout } = run('for p in $$ $PPID; do tr "\\0" " " </proc/$p/cmdline; done', {
    env: { SECRET: 'hush' },
  });
  expect(stdout).toContain('/script');
  expect(stdout).not.toContain('hush');
});

test('without a shebang it is bash, with one what that says', () => {
  expect(run('echo $BASH_VERSION').stdout).toMatch(/^\d/);
  expect(run('#!/usr/bin/perl\nprint "perl $0"').stdout).toMatch(/^perl /);
  expect(run('#!/bin/sh\r\necho dos\r\n').stdout).toBe('dos\n');
});

test('only its user can read it', () => {
  expect(run('stat -c %a "$0"').stdout).toBe('500\n');
});

test('an unknown user and a missing interpreter are named', () => {
  expect(run('true', { user: 'nobody-here' })).toMatchObject({
    ...{ status: 126, stderr: 'there is no user nobody-here\n' },
  });
  expect(run('#!/nowhere/x\n')).toMatchObject({ status: 126 });
});

test('a script that a signal ends does not count as a success', () => {
  expect(run('kill -9 $$').signal).toBe('SIGKILL');
});
