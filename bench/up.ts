// The everyday commands on three machines, beside Vagrant with vagrant-libvirt. What is compared and what is not:
// docs/benchmarks.md.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Bench, type BenchContext, BenchError, type Row } from './lib/bench.ts';
import { cpuMs } from './lib/process.ts';
import { copyImage } from './lib/skerry-image.ts';
import { measureSupervisor, prepareLab, type SkerryLab } from './lib/skerry-lab.ts';
import { buildSkerry, type BuiltSkerry } from './lib/skerry.ts';
import { requireVagrant } from './vagrant/requirements.ts';
import { prepareVagrant, type Vagrant } from './vagrant/vagrant.ts';

const MACHINES = [
  { name: 'central_server', nested: false, primary: true },
  { name: 'agent_1', nested: true, primary: false },
  { name: 'agent_2', nested: true, primary: false },
];
const IMAGE = 'debian-12';
/** After `up` guests still work a little, on both sides; commands are measured when they have finished. */
const SETTLE_MS = 15_000;
const IDLE_SECONDS = 20;

export const bench: Bench = {
  name: 'up',
  description:
    'three machines: up, exec, ssh, status, destroy, beside Vagrant with vagrant-libvirt',
  run: measure,
};

async function measure(context: BenchContext): Promise<Row[]> {
  const { log, fact, runs } = context;
  fact('peer', await requireVagrant(context));
  log('building skerry');
  const built = await buildSkerry(context);
  const image = await copyImage(context, built, IMAGE);
  const lab = await prepareLab(context, built, 'archipelago');
  const peer = await prepareVagrant(context, image, MACHINES);
  const samples = new Samples();
  await warmUp(context, lab, peer);
  for (let round = 1; round <= runs; round++) {
    log(`round ${round} of ${runs}: vagrant`);
    await vagrantRound(samples, context, peer);
    log(`round ${round} of ${runs}: skerry`);
    await skerryRound(samples, context, lab, built);
  }
  return rows(samples);
}

/** What is done once in a life: the box goes into the pool, libvirt learns about QEMU, Skerry about KVM. */
async function warmUp(context: BenchContext, lab: SkerryLab, peer: Vagrant): Promise<void> {
  context.log('warm-up: vagrant');
  await peer.vagrant('up', 'central_server');
  await peer.vagrant('destroy', '-f');
  context.log('warm-up: skerry');
  await lab.skerry('up');
  const { stdout } = await lab.skerry('status', '--json');
  const { sandbox } = JSON.parse(stdout) as { sandbox: { accel: string } };
  const accelerator = sandbox.accel === 'kvm' ? 'KVM' : 'emulation (TCG)';
  context.fact('accelerator', accelerator);
  if (sandbox.accel === 'kvm')
    throw new BenchError('this host has KVM, and the peer is set to emulate: set SKERRY_ACCEL=tcg');
  await lab.skerry('destroy', '--yes');
}

async function vagrantRound(
  samples: Samples,
  context: BenchContext,
  { vagrant, argv, env }: Vagrant,
): Promise<void> {
  const add = async (what: string, ...args: string[]): Promise<void> =>
    samples.add('vagrant', what, (await vagrant(...args)).seconds);
  await add('up', 'up');
  await settle(context);
  await add('exec', 'ssh', 'agent_1', '-c', 'true');
  await add('status', 'status');
  await add('no-op up', 'up');
  await add('destroy', 'destroy', '-f');
  const options = { signal: context.signal, env };
  samples.add('vagrant', '--version', await cpuMs(argv('--version'), options));
}

async function skerryRound(
  samples: Samples,
  { dir, signal }: BenchContext,
  { skerry }: SkerryLab,
  built: BuiltSkerry,
): Promise<void> {
  const add = async (what: string, ...args: string[]): Promise<void> =>
    samples.add('skerry', what, (await skerry(...args)).seconds);
  await add('up', 'up');
  await settle({ signal });
  const { rssMiB, cpuPercent } = await measureSupervisor(dir, IDLE_SECONDS, signal);
  samples.add('skerry', 'supervisor memory', rssMiB);
  samples.add('skerry', 'supervisor cpu', cpuPercent);
  await add('exec', 'exec', '--on', 'agent_1', '--', 'true');
  await add('ssh', 'ssh', 'agent_1', '--', 'true');
  await add('status', 'status');
  await add('no-op up', 'up');
  await add('destroy', 'destroy', '--yes');
  const { argv, env } = built;
  samples.add('skerry', '--version', await cpuMs([...argv, '--version'], { signal, env }));
}

async function settle({ signal }: { readonly signal: AbortSignal }): Promise<void> {
  await sleep(SETTLE_MS, undefined, { signal });
}

function rows(samples: Samples): Row[] {
  const pair = (what: string, of: string, goal: number | undefined, peer = of): Row => ({
    what,
    unit: 's',
    skerry: samples.of('skerry', of),
    peer: samples.of('vagrant', peer),
    peerName: 'vagrant',
    ...(goal !== undefined && { goal }),
  });
  const alone = (what: string, unit: string, of: string, atMost: number): Row => ({
    what,
    unit,
    skerry: samples.of('skerry', of),
    atMost,
  });
  return [
    pair('cold `up` of three machines', 'up', 2.5),
    pair('`exec` of `true` on one (peer: `ssh -c`)', 'exec', 10),
    pair('`ssh` with `true` to one (peer: `ssh -c`)', 'ssh', undefined, 'exec'),
    pair('`status`', 'status', 12),
    pair('`up` with nothing to do', 'no-op up', 10),
    pair('`destroy` of three machines', 'destroy', 5),
    {
      ...alone('`--version`, CPU time', 'ms', '--version', 120),
      peer: samples.of('vagrant', '--version'),
      peerName: 'vagrant',
    },
    alone('idle supervisor, resident', 'MiB', 'supervisor memory', 80),
    alone('idle supervisor, CPU of one core', '%', 'supervisor cpu', 1),
  ];
}

/** Measured values by side and by what was measured. */
class Samples {
  readonly #values = new Map<string, number[]>();

  add(side: 'skerry' | 'vagrant', what: string, value: number): void {
    this.#values.set(`${side} ${what}`, [...this.of(side, what), value]);
  }

  of(side: 'skerry' | 'vagrant', what: string): readonly number[] {
    return this.#values.get(`${side} ${what}`) ?? [];
  }
}
