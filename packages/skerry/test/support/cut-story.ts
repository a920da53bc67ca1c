// A hypervisor whose network is cut for a while: its machines go on, and afterwards all is known. Prints what happened as
// JSON. Arguments: a folder, and for how many seconds.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '@skerry/libvirt';
import { startDaemon } from '../../../libvirt/test/daemon.ts';
import { Browser, pollFor } from './host-commands.ts';
import { HostNetwork, type NetworkHost } from './host-network.ts';

const [dir = '', seconds = '20'] = process.argv.slice(2);
const dirs = { central: join(dir, 'central'), agent: join(dir, 'hv1') };
const network = new HostNetwork();
const daemon = await startDaemon();
const hosts: NetworkHost[] = [];
try {
  for (const number of [1, 3]) hosts.push(await network.add(number));
  const [one, hv1] = hosts as [NetworkHost, NetworkHost];
  const story: Record<string, unknown> = {};
  one.host.run('central', 'init', '--name', one.address, '--dir', dirs.central);
  await one.host.serve('Central runs', 'central', 'run', '--dir', dirs.central);
  const token = one.host.run('central', 'token', 'hv1', '--dir', dirs.central);
  const uri = daemon.uri('test:///default');
  hv1.host.run({ input: token }, 'agent', 'join', '-', '--dir', dirs.agent, '--libvirt', uri);
  await hv1.host.serve('The agent of hv1 runs', 'agent', 'run', '--dir', dirs.agent);
  const browser = new Browser(one.address, join(dirs.central, 'bus', 'ca.pem'));
  await browser.logIn(one.host.run('central', 'login-link', '--dir', dirs.central));
  await pollFor(
    async () => (await browser.get<unknown[]>('vms')).length,
    (count) => count > 0,
  );
  await using live = await browser.live();
  const done = await browser.post('vms/test/suspend');
  story['before'] = done.status;

  const began = performance.now();
  hv1.cut(true);
  const leftMs = (): number => Number(seconds) * 1000 - (performance.now() - began);
  // The first verb is on its way when the cable is out; the second is asked for when that is known.
  const first = browser.post('vms/test/resume');
  story['stale'] = await pollFor(
    () => live.lamps.get('hv1'),
    (lamp) => lamp === false,
    30_000,
  );
  story['in the cut'] = await errorOf(first);
  story['and then'] = await errorOf(browser.post('vms/test/resume'));
  story['still shown'] = await browser.get<{ state: string }>('vms/test').then((vm) => vm.state);
  // On the hypervisor itself somebody does something meanwhile.
  await using libvirt = await connect(uri);
  const domain = await libvirt.domain('test');
  story['machine'] = await domain.state().then(({ state }) => state);
  await domain.destroy();
  if (leftMs() > 0) await sleep(leftMs());
  hv1.cut(false);
  const healedAt = performance.now();
  await pollFor(
    () => [live.lamps.get('hv1'), live.states.get('test')].join(' '),
    (words) => words === 'true shutoff',
    30_000,
  );
  const tookMs = performance.now() - healedAt;
  // Between two tries it waits for up to 4 s.
  story['known within 10 s'] = tookMs < 10_000 ? true : tookMs;
  story['shown'] = await browser.get<{ state: string }>('vms/test').then((vm) => vm.state);
  await sleep(3000);
  story['not done later'] = await domain.state().then(({ state }) => state);
  story['start'] = (await browser.post('vms/test/create')).status;
  const entries =
    await browser.get<{ verb: string; outcome: string; hypervisor: string }[]>('audit');
  story['audit'] = entries
    .filter(({ hypervisor }) => hypervisor === 'hv1')
    .map(({ verb, outcome }) => `${verb} ${outcome}`);
  console.log(JSON.stringify(story));
} finally {
  for (const { host } of hosts) host.end();
  network.end();
  await daemon[Symbol.asyncDispose]();
}

async function errorOf(asked: ReturnType<Browser['post']>): Promise<string> {
  const { status, text } = await asked;
  const { error } = JSON.parse(text) as { error?: { code: string } };
  return `${status} ${error?.code}`;
}
