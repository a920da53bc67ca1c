// Snapshots and forks of three running machines, beside `vagrant snapshot` and `vagrant suspend`. What is compared and
// what is not: docs/benchmarks.md.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench, BenchContext, Row } from './lib/bench.ts';
import { Samples } from './lib/samples.ts';
import { copyImage } from './lib/skerry-image.ts';
import { prepareLab, type SkerryLab } from './lib/skerry-lab.ts';
import { buildSkerry } from './lib/skerry.ts';
import { requireVagrant } from './vagrant/requirements.ts';
import { prepareVagrant, type Vagrant } from './vagrant/vagrant.ts';

const MACHINES = [
  { name: 'central_server', nested: false, primary: true },
  { name: 'agent_1', nested: true, primary: false },
  { name: 'agent_2', nested: true, primary: false },
];
/** Guests that have just started, or gone on, still work a little. */
const SETTLE_MS = 6_000;

export const bench: Bench = {
  name: 'snapshot',
  description:
    'three machines: snapshot save, restore, delete, fork, suspend, resume, beside Vagrant',
  run: measure,
};

async function measure(context: BenchContext): Promise<Row[]> {
  const { log, fact, runs } = context;
  fact('peer', await requireVagrant(context));
  log('building skerry');
  const built = await buildSkerry(context);
  const image = await copyImage(context, built, 'debian-12');
  const lab = await prepareLab(context, built, 'lab', { example: 'archipelago' });
  const peer = await prepareVagrant(context, image, MACHINES);
  const samples = new Samples();
  log('warm-up: skerry');
  await lab.skerry('up');
  await lab.skerry('destroy', '--yes');
  log('warm-up: vagrant');
  await peer.vagrant('up');
  await settle(context);
  await peer.vagrant('suspend');
  for (let round = 1; round <= runs; round++) {
    log(`round ${round} of ${runs}: vagrant`);
    await vagrantRound(samples, context, peer);
    log(`round ${round} of ${runs}: skerry`);
    await skerryRound(samples, context, lab);
  }
  return rows(samples);
}

/** Begins and ends suspended, so that no machine of Vagrant's runs meanwhile. */
async function vagrantRound(
  samples: Samples,
  context: BenchContext,
  { vagrant }: Vagrant,
): Promise<void> {
  const add = async (what: string, ...args: string[]): Promise<void> =>
    samples.add('vagrant', what, (await vagrant(...args)).seconds);
  await add('resume', 'resume');
  await settle(context);
  await add('save', 'snapshot', 'save', 'bench');
  await settle(context);
  await add('restore', 'snapshot', 'restore', 'bench');
  await settle(context);
  await add('delete', 'snapshot', 'delete', 'bench');
  await add('suspend', 'suspend');
}

/** Each round with new machines, so that their disks have as many layers. */
async function skerryRound(
  samples: Samples,
  context: BenchContext,
  { skerry }: SkerryLab,
): Promise<void> {
  const add = async (what: string, ...args: string[]): Promise<string> => {
    const { seconds, stdout } = await skerry(...args);
    samples.add('skerry', what, seconds);
    return stdout;
  };
  const addWithPause = async (what: string, ...args: string[]): Promise<void> => {
    const { pauseMs } = JSON.parse(await add(what, ...args, '--json')) as { pauseMs: number };
    samples.add('skerry', `${what} pause`, pauseMs / 1000);
  };
  await skerry('up');
  await settle(context);
  await addWithPause('save', 'snapshot', 'save', 'bench');
  await settle(context);
  await add('restore', 'snapshot', 'restore', 'bench');
  await settle(context);
  await add('fork from', 'fork', 'other', '--from', 'bench');
  await skerry('destroy', '--lab', 'other', '--yes');
  await addWithPause('fork', 'fork', 'other');
  await skerry('destroy', '--lab', 'other', '--yes');
  await add('delete', 'snapshot', 'delete', 'bench');
  await add('suspend', 'suspend');
  await add('resume', 'resume');
  await skerry('destroy', '--yes');
}

async function settle({ signal }: { readonly signal: AbortSignal }): Promise<void> {
  await sleep(SETTLE_MS, undefined, { signal });
}

function rows(samples: Samples): Row[] {
  const alone = (what: string, of: string, atMost?: number): Row => ({
    what,
    unit: 's',
    skerry: samples.of('skerry', of),
    ...(atMost !== undefined && { atMost }),
  });
  const pair = (what: string, of: string, atMost?: number): Row => ({
    ...alone(what, of, atMost),
    peer: samples.of('vagrant', of),
    peerName: 'vagrant',
  });
  return [
    alone('machines stand still for `snapshot save`', 'save pause', 2.5),
    pair('`snapshot save` of three machines', 'save'),
    pair('`snapshot restore`', 'restore', 6),
    pair('`snapshot delete`', 'delete'),
    alone('`fork` from now', 'fork', 6),
    alone('- the origin stands still', 'fork pause', 2.5),
    alone('`fork --from` a snapshot', 'fork from', 6),
    pair('`suspend`', 'suspend'),
    pair('`resume`', 'resume'),
  ];
}
