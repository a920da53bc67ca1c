// A cloud as on real hosts, by its commands, in a network of its own where 10.77.0.1 is no loopback: so all of it speaks TLS.
// Prints what happened as JSON. Argument: a folder.
import { execFileSync } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { startDaemon } from '../../../libvirt/test/daemon.ts';
import { Browser, Host, type Input, kill, pollFor } from './host-commands.ts';

const HOST = '10.77.0.1';
const [dir = ''] = process.argv.slice(2);
const [centralDir, agentDir] = [join(dir, 'central'), join(dir, 'agent')];
const host = new Host();

execFileSync('ip', ['link', 'set', 'lo', 'up']);
execFileSync('ip', ['addr', 'add', `${HOST}/32`, 'dev', 'lo']);
const daemon = await startDaemon();
try {
  const story: Record<string, unknown> = {};
  const central = ['--dir', centralDir];
  host.run('central', 'init', '--name', HOST, '--listen', HOST, ...central);
  story['again'] = failure('central', 'init', '--name', HOST, ...central);
  story['mode'] = ((await stat(centralDir)).mode & 0o777).toString(8);
  story['not yet'] = failure('central', 'status', ...central);
  await host.serve('Central runs', 'central', 'run', ...central);
  story['status'] = host.run('central', 'status', ...central);
  story['promote'] = failure('central', 'promote', ...central);
  const token = host.run('central', 'token', 'hv1', ...central);
  const joined = [
    'agent',
    'join',
    '-',
    '--dir',
    agentDir,
    '--libvirt',
    daemon.uri('test:///default'),
  ];
  story['joined'] = host.run({ input: token }, ...joined).split('. ')[0];
  story['twice'] = failure({ input: token }, ...joined);
  story['other authority'] = failure({ input: withOtherAuthority(token) }, ...joined);
  story['no token'] = failure({ input: 'hello' }, ...joined);
  story['agent mode'] = ((await stat(join(agentDir, 'agent-host.json'))).mode & 0o777).toString(8);
  const agent = await host.serve('The agent of hv1 runs', 'agent', 'run', '--dir', agentDir);
  const browser = new Browser(HOST, join(centralDir, 'bus', 'ca.pem'));
  await browser.logIn(host.run('central', 'login-link', ...central));
  story['vms'] = await pollFor(
    async () => (await browser.get<{ name: string }[]>('vms')).map(({ name }) => name),
    (names) => names.length > 0,
  );
  await kill(agent);
  const second = await host.serve('The agent of hv1 runs', 'agent', 'run', '--dir', agentDir);
  story['after kill -9'] = await pollFor(
    async () => (await browser.post('vms/test/info')).status,
    (status) => status === 200,
  );
  story['forget'] = ['hv1', 'hv9'].map((name) => failure('central', 'forget', name, ...central));
  story['unit'] = host.run('agent', 'unit', '--dir', agentDir).includes(' agent run --dir ');
  await kill(second);
  story['forgotten'] = await pollFor(
    () => Promise.resolve(failure('central', 'forget', 'hv1', ...central)),
    (said) => said === 'it did not fail',
  );
  await host.serve('does not take hv1: it was forgotten', 'agent', 'run', '--dir', agentDir);
  const again = { input: host.run('central', 'token', 'hv1', ...central) };
  story['joins again'] = host.run(again, ...joined).split('. ')[0];
  await host.serve(`central ${HOST} is reached`, 'agent', 'run', '--dir', agentDir);
  console.log(JSON.stringify(story));
} finally {
  host.end();
  await daemon[Symbol.asyncDispose]();
}

function failure(...words: (string | Input)[]): string {
  return host.failure(...words).replaceAll(dir, 'DIR');
}

function withOtherAuthority(token: string): string {
  const [, body = ''] = token.split('skerry-join-');
  const parsed = JSON.parse(Buffer.from(body, 'base64url').toString()) as { authority: string };
  const changed = { ...parsed, authority: 'f'.repeat(64) };
  return `skerry-join-${Buffer.from(JSON.stringify(changed)).toString('base64url')}`;
}
