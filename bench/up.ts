// The everyday commands on three machines, beside Vagrant with vagrant-libvirt; ten machines; memory. What is compared
// and what is not: docs/benchmarks.md.
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Bench, type BenchContext, BenchError, type Row } from './lib/bench.ts';
import { runTimed } from './lib/process.ts';
import { type Side, Samples } from './lib/samples.ts';
import { machineMemory, measureSupervisor, sandboxCpu } from './lib/sandbox.ts';
import { copyImage } from './lib/skerry-image.ts';
import { prepareLab, type SkerryLab } from './lib/skerry-lab.ts';
import { buildSkerry, type BuiltSkerry } from './lib/skerry.ts';
import { requireVagrant } from './vagrant/requirements.ts';
import { prepareVagrant, type Vagrant } from './vagrant/vagrant.ts';

const MACHINES = [
  { name: 'central_server', nested: false, primary: true },
  { name: 'agent_1', nested: true, primary: false },
  { name: 'agent_2', nested: true, primary: false },
];
const IMAGE = 'debian-12';
const TEN = Array.from({ length: 10 }, (_, at) => `m${at}`);
const TEN_LAB = {
  name: 'ten',
  image: IMAGE,
  memory: '256 MiB',
  machines: Object.fromEntries(TEN.map((name) => [name, {}])),
};
/** After `up` guests still work a little, on both sides; commands are measured when they have finished. */
const SETTLE_MS = 15_000;
const IDLE_SECONDS = 10;
/** What takes long and varies little is measured only so often. */
const FEW = 2;

interface Subjects {
  readonly built: BuiltSkerry;
  readonly three: SkerryLab;
  readonly ten: SkerryLab;
  readonly peer: Vagrant;
}

export const bench: Bench = {
  name: 'up',
  description:
    'three machines: up, exec, ssh, status, destroy, beside Vagrant with vagrant-libvirt; ten machines; memory',
  run: measure,
};

async function measure(context: BenchContext): Promise<Row[]> {
  const { log, fact, runs } = context;
  fact('peer', await requireVagrant(context));
  fact('KSM', await ksm());
  log('building skerry');
  const built = await buildSkerry(context);
  const image = await copyImage(context, built, IMAGE);
  const three = await prepareLab(context, built, 'lab', { example: 'archipelago' });
  const ten = await prepareLab(context, built, 'ten', { file: TEN_LAB });
  const peer = await prepareVagrant(context, image, MACHINES);
  const subjects = { built, three, ten, peer };
  const samples = new Samples();
  await warmUp(samples, context, subjects);
  const waterfalls: Waterfall[] = [];
  for (let round = 1; round <= runs; round++) {
    log(`round ${round} of ${runs}: vagrant`);
    await vagrantRound(samples, context, peer);
    log(`round ${round} of ${runs}: skerry, cold`);
    await coldRound(samples, context, three, round <= FEW);
    log(`round ${round} of ${runs}: skerry, warm`);
    waterfalls.push(await warmRound(samples, context, subjects));
    if (round > FEW) continue;
    log(`round ${round} of ${runs}: skerry, ten machines`);
    await tenRound(samples, context, ten);
  }
  context.attach('The warm `up` of median length', medianOf(waterfalls));
  return rows(samples);
}

async function ksm(): Promise<string> {
  const state = await readFile('/sys/kernel/mm/ksm/run', 'utf8').catch(() => undefined);
  if (state === undefined) return 'not in this kernel';
  return state.trim() === '1' ? 'runs' : 'in this kernel, does not run';
}

/**
 * What is done once in a life: the box goes into the pool, libvirt learns about QEMU, Skerry about KVM. Then what makes
 * templates.
 */
async function warmUp(
  samples: Samples,
  context: BenchContext,
  { built, three, ten, peer }: Subjects,
): Promise<void> {
  context.log('warm-up: vagrant');
  await peer.vagrant('up', 'central_server');
  await peer.vagrant('destroy', '-f');
  context.log('warm-up: skerry');
  await three.skerry('up', '--cold');
  const { stdout } = await three.skerry('status', '--json');
  const { sandbox } = JSON.parse(stdout) as { sandbox: { accel: string } };
  const accelerator = sandbox.accel === 'kvm' ? 'KVM' : 'emulation (TCG)';
  context.fact('accelerator', accelerator);
  if (sandbox.accel === 'kvm')
    throw new BenchError('this host has KVM, and the peer is set to emulate: set SKERRY_ACCEL=tcg');
  await three.skerry('destroy', '--yes');
  for (let round = 1; round <= Math.min(context.runs, FEW); round++) {
    context.log(`the first up of all, ${round}`);
    await rm(join(built.dataDir, 'images', 'templates'), { recursive: true, force: true });
    samples.add('skerry', 'first up', (await three.skerry('up')).seconds);
    await three.skerry('destroy', '--yes');
  }
  context.log('warm-up: skerry, ten machines');
  await ten.skerry('up', 'm0');
  await ten.skerry('destroy', '--yes');
  await ten.skerry('up', '--cold');
  await addMemory(samples, 'cold', 'ten', context);
  await ten.skerry('destroy', '--yes');
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
  const { signal } = context;
  const { cpuMs } = await runTimed(argv('--version'), { signal, env });
  samples.add('vagrant', '--version', cpuMs);
}

async function coldRound(
  samples: Samples,
  context: BenchContext,
  { skerry }: SkerryLab,
  withMemory: boolean,
): Promise<void> {
  samples.add('skerry', 'cold up', (await skerry('up', '--cold')).seconds);
  if (withMemory) await addMemory(samples, 'cold', 'three', context);
  await skerry('destroy', '--yes');
}

async function warmRound(
  samples: Samples,
  context: BenchContext,
  { built: { argv, env }, three: { skerry, timed } }: Subjects,
): Promise<Waterfall> {
  const { dir, signal } = context;
  const add = async (what: string, ...args: string[]): Promise<void> =>
    samples.add('skerry', what, (await skerry(...args)).seconds);
  const { seconds, cpuMs, stdout } = await timed('up', '--timings');
  samples.add('skerry', 'up', seconds);
  samples.add('skerry', 'cpu skerry', cpuMs / 1000);
  for (const [who, cpu] of Object.entries(await sandboxCpu(dir)))
    samples.add('skerry', `cpu ${who}`, cpu as number);
  await addMemory(samples, 'skerry', 'three', context);
  const { rssMiB, cpuPercent } = await measureSupervisor(dir, IDLE_SECONDS, signal);
  samples.add('skerry', 'supervisor memory', rssMiB);
  samples.add('skerry', 'supervisor cpu', cpuPercent);
  await add('exec', 'exec', '--on', 'agent_1', '--', 'true');
  await add('ssh', 'ssh', 'agent_1', '--', 'true');
  await add('status', 'status');
  await add('no-op up', 'up');
  await add('destroy', 'destroy', '--yes');
  const version = await runTimed([...argv, '--version'], { signal, env });
  samples.add('skerry', '--version', version.cpuMs);
  return { seconds, text: stdout.slice(stdout.indexOf('WHERE')) };
}

async function tenRound(
  samples: Samples,
  context: BenchContext,
  { skerry }: SkerryLab,
): Promise<void> {
  samples.add('skerry', 'ten', (await skerry('up')).seconds);
  await addMemory(samples, 'skerry', 'ten', context);
  await skerry('destroy', '--yes');
}

/** What all machines take together, right away and after they have settled. */
async function addMemory(
  samples: Samples,
  side: Side,
  what: string,
  { dir, signal }: BenchContext,
): Promise<void> {
  const add = async (when: string): Promise<void> => {
    const machines = await machineMemory(dir);
    const sum = (kind: 'resident' | 'proportional' | 'own' | 'guest' | 'translated'): number =>
      machines.reduce((total, machine) => total + machine[kind], 0);
    for (const kind of ['resident', 'proportional', 'guest', 'translated'] as const)
      samples.add(side, `${what} ${kind} ${when}`, sum(kind));
    const further = sum('own') / machines.length;
    samples.add(side, `${what} further ${when}`, further);
    const first = sum('proportional') - further * (machines.length - 1);
    samples.add(side, `${what} first ${when}`, first);
  };
  await add('at once');
  await settle({ signal });
  await add('later');
}

async function settle({ signal }: { readonly signal: AbortSignal }): Promise<void> {
  await sleep(SETTLE_MS, undefined, { signal });
}

interface Waterfall {
  readonly seconds: number;
  readonly text: string;
}

function medianOf(waterfalls: readonly Waterfall[]): string {
  const sorted = [...waterfalls].sort((a, b) => a.seconds - b.seconds);
  return sorted[Math.floor((sorted.length - 1) / 2)]?.text ?? '';
}

function rows(samples: Samples): Row[] {
  return [...upRows(samples), ...commandRows(samples), ...memoryRows(samples), ...cpuRows(samples)];
}

function upRows(samples: Samples): Row[] {
  const each = (what: string, by: number): readonly number[] =>
    samples.of('skerry', what).map((seconds) => seconds / by);
  return [
    pair(samples, 'warm `up` of three machines', 'up', 18),
    {
      ...pair(samples, 'cold `up` of three machines', 'up', 2.5),
      skerry: samples.of('skerry', 'cold up'),
    },
    pair(samples, 'the first `up` of all, which makes templates', 'up', undefined, 'first up'),
    { what: 'warm `up` of ten machines', unit: 's', skerry: samples.of('skerry', 'ten') },
    {
      what: 'the same for each of the ten (peer: each of the three)',
      unit: 's',
      skerry: each('ten', TEN.length),
      peer: each('up', MACHINES.length),
      peerName: 'skerry',
      goal: 1,
    },
  ];
}

function commandRows(samples: Samples): Row[] {
  return [
    pair(samples, '`exec` of `true` on one (peer: `ssh -c`)', 'exec', 10),
    pair(samples, '`ssh` with `true` to one (peer: `ssh -c`)', 'exec', undefined, 'ssh'),
    pair(samples, '`status`', 'status', 12),
    pair(samples, '`up` with nothing to do', 'no-op up', 10),
    pair(samples, '`destroy` of three machines', 'destroy', 5),
    { ...pair(samples, '`--version`, CPU time', '--version'), unit: 'ms', atMost: 120 },
    alone(samples, 'idle supervisor, resident', 'MiB', 'supervisor memory', 80),
    alone(samples, 'idle supervisor, CPU of one core', '%', 'supervisor cpu', 1),
  ];
}

function memoryRows(samples: Samples): Row[] {
  const cold = (what: string, of: string): Row => ({
    ...alone(samples, what, 'MiB', of),
    peer: samples.of('cold', of),
    peerName: 'cold',
  });
  const labs = [
    ['three', 'three machines of 512 MiB'],
    ['ten', 'ten machines of 256 MiB'],
  ] as const;
  const times = [
    ['at once', 'just ready'],
    ['later', '15 s later'],
  ] as const;
  return labs.flatMap(([of, what]) =>
    times.flatMap(([when, title]) => [
      cold(`host memory of ${what}, ${title}`, `${of} proportional ${when}`),
      cold("- of that, the guests' memory", `${of} guest ${when}`),
      cold('- of that, translated code', `${of} translated ${when}`),
      ...(of === 'ten'
        ? [
            cold('- the first machine', `${of} first ${when}`),
            cold('- each further one', `${of} further ${when}`),
          ]
        : []),
      cold('- sum of resident set sizes', `${of} resident ${when}`),
    ]),
  );
}

function cpuRows(samples: Samples): Row[] {
  const cpu = (what: string, who: string): Row => alone(samples, what, 's', `cpu ${who}`);
  return [
    cpu('CPU time of a warm `up`: guests', 'guests'),
    cpu('- QEMU besides', 'qemu'),
    cpu('- libvirtd', 'libvirtd'),
    cpu('- supervisor', 'supervisor'),
    cpu('- other processes of the sandbox', 'others'),
    cpu('- the command itself', 'skerry'),
  ];
}

/** `of` names it at Vagrant's side, and at ours where that has no name of its own. */
function pair(samples: Samples, what: string, of: string, goal?: number, ours = of): Row {
  return {
    what,
    unit: 's',
    skerry: samples.of('skerry', ours),
    peer: samples.of('vagrant', of),
    peerName: 'vagrant',
    ...(goal !== undefined && { goal }),
  };
}

function alone(samples: Samples, what: string, unit: string, of: string, atMost?: number): Row {
  return {
    what,
    unit,
    skerry: samples.of('skerry', of),
    ...(atMost !== undefined && { atMost }),
  };
}
