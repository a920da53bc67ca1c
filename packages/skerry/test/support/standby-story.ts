// Two centrals and a hypervisor, each on a host of its own, by their commands: kill -9, a cut, and back by hand. Prints what
// happened as JSON. Argument: a folder.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startDaemon } from '../../../libvirt/test/daemon.ts';
import type { StandView } from '../../src/cloud/central/stand-view.ts';
import { Browser, kill, pollFor } from './host-commands.ts';
import { HostNetwork, type NetworkHost } from './host-network.ts';

const [dir = ''] = process.argv.slice(2);
const dirs = { one: join(dir, 'one'), two: join(dir, 'two'), agent: join(dir, 'hv1') };
const network = new HostNetwork();
const daemon = await startDaemon();
const hosts: NetworkHost[] = [];
try {
  for (const number of [1, 2, 3]) hosts.push(await network.add(number));
  const [one, two, hv1] = hosts as [NetworkHost, NetworkHost, NetworkHost];
  const story: Record<string, unknown> = {};

  one.host.run('central', 'init', '--name', one.address, '--dir', dirs.one);
  let first = await one.host.serve('Central runs', 'central', 'run', '--dir', dirs.one);
  const token = one.host.run('central', 'token', 'hv1', '--dir', dirs.one);
  const uri = daemon.uri('test:///default');
  hv1.host.run({ input: token }, 'agent', 'join', '-', '--dir', dirs.agent, '--libvirt', uri);
  await hv1.host.serve('The agent of hv1 runs', 'agent', 'run', '--dir', dirs.agent);
  const atOne = new Browser(one.address, join(dirs.one, 'bus', 'ca.pem'));
  await atOne.logIn(one.host.run('central', 'login-link', '--dir', dirs.one));
  await knows(atOne);

  const forStandby = one.host.run('central', 'token', '--standby', '--dir', dirs.one);
  story['no hypervisor'] = hv1.host.failure(
    { input: forStandby },
    ...['agent', 'join', '-', '--dir', join(dir, 'x')],
  );
  const init = ['central', 'init', '--standby-of', '-', '--name', two.address, '--dir', dirs.two];
  story['init'] = two.host.run({ input: forStandby }, ...init).split(' is in ')[0];
  await two.host.serve('Central runs', 'central', 'run', '--dir', dirs.two);
  await pollFor(
    () => standOf(one, dirs.one),
    ({ other }) => other?.ready === true,
  );
  story['paired'] = lines(one, dirs.one);
  story['standby'] = lines(two, dirs.two);
  story['no token'] = two.host.failure('central', 'token', 'hv2', '--dir', dirs.two);
  const atTwo = new Browser(two.address, join(dirs.two, 'bus', 'ca.pem'));
  await atTwo.logIn(two.host.run('central', 'login-link', '--dir', dirs.two));
  story['refused'] = await refusal(atTwo, 'vms/test/suspend');
  story['read'] = (await atTwo.get<{ name: string }[]>('vms')).map(({ name }) => name);
  story['done'] = (await atOne.post('vms/test/suspend')).status;

  const began = performance.now();
  await kill(first);
  await pollFor(
    () => standOf(two, dirs.two),
    ({ role }) => role === 'active',
    50_000,
  );
  const tookMs = performance.now() - began;
  story['took over in time'] = tookMs > 8000 && tookMs < 45_000 ? true : tookMs;
  story['done there'] = (await atTwo.post('vms/test/resume')).status;
  const entries = await atTwo.get<{ verb: string; outcome: string }[]>('audit');
  story['known there'] = entries.map(({ verb, outcome }) => `${verb} ${outcome}`);

  first = await one.host.serve('Central runs', 'central', 'run', '--dir', dirs.one);
  await pollFor(
    () => standOf(two, dirs.two),
    ({ other }) => other?.ready === true,
    30_000,
  );
  story['back'] = lines(one, dirs.one);
  // The agent comes back to its bus within some seconds.
  await knows(atOne);
  story['refused at the old one'] = await refusal(atOne, 'vms/test/suspend');

  // Both hear the hypervisor, and not each other.
  for (const each of [one, two]) each.setApart(true);
  await sleep(16_000);
  const why = `0 of 1 hypervisors would have it; hv1: ${two.address}`;
  const refused = await pollFor(
    () => standOf(one, dirs.one),
    ({ problem }) => problem.includes(why),
    30_000,
  );
  const apart = [refused, standOf(two, dirs.two)];
  story['apart'] = apart.map(({ role, term }) => `${role} ${term}`);
  story['and why'] = refused.problem.includes(why);
  story['done meanwhile'] = (await atTwo.post('vms/test/suspend')).status;
  for (const each of [one, two]) each.setApart(false);
  await pollFor(
    () => standOf(two, dirs.two),
    ({ other }) => other?.ready === true,
    30_000,
  );
  one.host.run('central', 'promote', '--dir', dirs.one);
  const active = await pollFor(
    () => standOf(one, dirs.one),
    ({ role }) => role === 'active',
  );
  story['by hand'] = [active.role, standOf(two, dirs.two).role];
  story['done by the first'] = (await atOne.post('vms/test/resume')).status;
  console.log(JSON.stringify(story));
} finally {
  for (const { host } of hosts) host.end();
  network.end();
  await daemon[Symbol.asyncDispose]();
}

function standOf({ host }: NetworkHost, folder: string): StandView {
  return JSON.parse(host.run('central', 'status', '--json', '--dir', folder)) as StandView;
}

function lines({ host }: NetworkHost, folder: string): string[] {
  const text = host.run('central', 'status', '--dir', folder);
  return text.replaceAll(/since \S+ (s|min)/g, 'since a moment').split('\n');
}

/** Waits until that central knows the machine. */
async function knows(browser: Browser): Promise<void> {
  await pollFor(
    async () => (await browser.get<unknown[]>('vms')).length,
    (count) => count > 0,
  );
}

async function refusal(browser: Browser, path: string): Promise<string> {
  const { status, text } = await browser.post(path);
  return `${status} ${(JSON.parse(text) as { error: { message: string } }).error.message}`;
}
