import { expect, test } from 'vitest';
import type { DaemonSpec } from '../lab-file/spec-sync.ts';
import { daemonOfUnit, daemonUnit, definitionOf, unitOf } from './unit.ts';

const SPEC: DaemonSpec = {
  name: 'api',
  on: ['one'],
  command: ['/bin/sh', '-c', `echo "$HOME" 100% \\ 'ünï'\n\tnext`],
  unit: undefined,
  cwd: '/srv/50% off',
  env: { TOKEN: 'a"b\\c`d$e', LINES: 'one\ntwo' },
  user: 'nobody',
  build: undefined,
  watch: undefined,
  ready: [],
  dependsOn: [],
  stop: 'kill $MAINPID',
};

test('a command is a unit file; its environment is beside it', () => {
  const { unit, definition } = daemonUnit(SPEC);
  expect(unit).toBe('skerry-api.service');
  expect(definition?.env).toBe('TOKEN="a\\"b\\\\c\\`d\\$e"\nLINES="one\ntwo"\n');
  expect(definition?.text.replace(/^# definition \w{16}\n/, '')).toMatchInlineSnapshot(`
    "# Made by: skerry daemons start api
    [Unit]
    Description=api (a daemon of Skerry)
    StartLimitIntervalSec=60
    StartLimitBurst=5

    [Service]
    Type=exec
    ExecStart=:"/bin/sh" "-c" "echo \\"$HOME\\" 100%% \\\\ 'ünï'\\x0a\\x09next"
    ExecStop=:"/bin/sh" "-c" "kill $MAINPID"
    WorkingDirectory=/srv/50%% off
    EnvironmentFile=/run/skerry/daemons/api.env
    User=nobody
    SyslogIdentifier=api
    Restart=on-failure
    RestartSec=500ms
    KillMode=control-group
    TimeoutStopSec=15s
    # What a program says that SIGTERM ended in order.
    SuccessExitStatus=143
    "
  `);
});

test('what is secret is not in the unit file', () => {
  expect(daemonUnit({ ...SPEC, env: { TOKEN: 's3cret' } }).definition?.text).not.toContain(
    's3cret',
  );
});

test.each<[string, Partial<DaemonSpec>]>([
  ['command', { command: ['true'] }],
  ['env', { env: { ...SPEC.env, MORE: '1' } }],
  ['cwd', { cwd: '/' }],
  ['user', { user: 'root' }],
  ['stop', { stop: undefined }],
])('another %s is another definition', (_, change) => {
  const [before, after] = [SPEC, { ...SPEC, ...change }].map((spec) =>
    definitionOf(daemonUnit(spec).definition?.text ?? ''),
  );
  expect(before).toMatch(/^\w{16}$/);
  expect(after).toMatch(/^\w{16}$/);
  expect(after).not.toBe(before);
});

test('what changes nothing in the machine is the same definition', () => {
  const other = { ...SPEC, watch: ['src/**'], dependsOn: ['db'], on: ['one', 'two'] };
  expect(daemonUnit(other)).toEqual(daemonUnit(SPEC));
});

test.each([
  ['etcd', 'etcd.service'],
  ['etcd.service', 'etcd.service'],
  ['ssh.socket', 'ssh.socket'],
  ['getty@tty1', 'getty@tty1.service'],
  ['my.app', 'my.app.service'],
])('the unit %s is %s', (unit, expected) => {
  expect(unitOf({ name: 'x', unit })).toBe(expected);
  expect(daemonUnit({ ...SPEC, command: undefined, unit }).definition).toBeUndefined();
});

test('units of ours tell their daemon', () => {
  expect(daemonOfUnit('skerry-my-api.service')).toBe('my-api');
  expect(daemonOfUnit('ssh.service')).toBeUndefined();
});
