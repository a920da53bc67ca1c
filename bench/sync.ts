// From a saved file to all three machines, beside `vagrant rsync`, and a first copy beside rsync over ssh. What is compared
// and what is not: docs/benchmarks.md.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Bench, type BenchContext, BenchError, type Row } from './lib/bench.ts';
import { run } from './lib/process.ts';
import { Samples } from './lib/samples.ts';
import { copyImage } from './lib/skerry-image.ts';
import { prepareLab, type SkerryLab } from './lib/skerry-lab.ts';
import { type BuiltSkerry, buildSkerry } from './lib/skerry.ts';
import { requireVagrant } from './vagrant/requirements.ts';
import { prepareVagrant, type Vagrant } from './vagrant/vagrant.ts';

const MACHINES = ['central_server', 'agent_1', 'agent_2'];
const FILES = 5000;
const TREE_BYTES = 50 * 2 ** 20;
const EDITS = 40;
const RESTARTS = 10;
const SETTLE_MS = 6000;
const SEEN_MS = 30_000;
const IDLE_MS = 10_000;

/** Says each file that comes into a folder, with its content: what inotify(7) tells a program in the machine. */
const WATCHER = String.raw`$|=1; my ($i, $d) = (syscall(294, 0), "/srv/src/edited"); syscall 254, $i, $d, 0x80; open my $f, "<&=", $i;
print "watching\n"; while (sysread $f, my $e, 65536) { for my $p (</srv/src/edited/*>) { open my $h, "<", $p or next; print <$h> } }`;

/** A daemon that is ready when it listens. */
const DAEMON = String.raw`use Socket; socket(S, PF_INET, SOCK_STREAM, 0); setsockopt(S, SOL_SOCKET, SO_REUSEADDR, 1);
bind(S, pack_sockaddr_in(8080, INADDR_ANY)) or die; listen(S, 5); while (accept(C, S)) { print C "1\n"; close C }`;

export const bench: Bench = {
  name: 'sync',
  description:
    'a saved file seen in three machines, beside `vagrant rsync`; a first copy, beside rsync',
  run: measure,
};

async function measure(context: BenchContext): Promise<Row[]> {
  const { log, fact, runs, dir } = context;
  fact('peer', await requireVagrant(context));
  fact('tree', `${FILES} files, ${TREE_BYTES / 2 ** 20} MiB`);
  log('building skerry');
  const built = await buildSkerry(context);
  const image = await copyImage(context, built, 'debian-12');
  const file = {
    name: 'archipelago',
    tree: { from: 'tree', to: '/srv/src' },
    daemons: {
      server: {
        on: MACHINES,
        command: 'perl server.pl',
        watch: ['tree/server.pl'],
        ready: { tcp: 8080 },
      },
    },
    machines: Object.fromEntries(MACHINES.map((name) => [name, {}])),
  };
  const lab = await prepareLab(context, built, 'lab', { file });
  const tree = join(dir, 'lab', 'tree');
  await makeTree(tree);
  const machines = MACHINES.map((name) => ({ name, nested: false, primary: name === MACHINES[0] }));
  const peer = await prepareVagrant(context, image, machines, tree);
  const samples = new Samples();
  log('skerry: up');
  await lab.skerry('up');
  await sleep(SETTLE_MS);
  for (let round = 1; round <= runs; round++) {
    log(`round ${round} of ${runs}: edits`);
    await edits(samples, context, built, tree);
    log(`round ${round} of ${runs}: first copies`);
    await firstCopies(samples, context, lab, tree);
  }
  log('daemons');
  await restarts(samples, context, built, tree);
  log('idle');
  samples.add('skerry', 'idle', await idleCpu(context));
  await lab.skerry('destroy', '--yes');
  log('vagrant: up');
  await peer.vagrant('up');
  await sleep(SETTLE_MS);
  for (let round = 1; round <= runs; round++) {
    log(`round ${round} of ${runs}: vagrant rsync`);
    await rsyncs(samples, peer, tree);
  }
  return rows(samples);
}

async function makeTree(tree: string): Promise<void> {
  const content = Buffer.alloc(Math.floor(TREE_BYTES / FILES), 'some source code\n');
  for (let at = 0; at < FILES; at++) {
    const folder = join(tree, `module${at % 100}`);
    if (at < 100) await mkdir(folder, { recursive: true });
    await writeFile(join(folder, `file${at}.c`), content);
  }
  await mkdir(join(tree, 'edited'));
  await writeFile(join(tree, 'edited', 'file'), 'token none\n');
  await writeFile(join(tree, 'server.pl'), DAEMON);
}

/** Until a program in each machine has read what was saved, and said so. */
async function edits(
  samples: Samples,
  context: BenchContext,
  built: BuiltSkerry,
  tree: string,
): Promise<void> {
  await using watcher = start(context, built, ['exec', '--', 'perl', '-e', WATCHER]);
  await watcher.lines(MACHINES.length, (line) => line.includes('watching'));
  for (let at = 0; at < EDITS; at++) {
    const token = `token ${at} ${Math.random()}`;
    const seen = watcher.lines(MACHINES.length, (line) => line.includes(token));
    const began = performance.now();
    await writeFile(join(tree, 'edited', 'file'), `${token}\n`);
    await seen;
    samples.add('skerry', 'edit', performance.now() - began);
    await sleep(300);
  }
}

async function firstCopies(
  samples: Samples,
  { dir, signal }: BenchContext,
  { skerry }: SkerryLab,
  tree: string,
): Promise<void> {
  await skerry('sync', '--stop');
  const empty = 'rm -rf /srv/src /srv/peer /var/lib/skerry/trees; mkdir -p /srv/peer; sync';
  await skerry('exec', '--on', 'agent_1', '--', 'sh', '-c', empty);
  samples.add('skerry', 'first', (await skerry('sync', 'agent_1')).seconds);
  await skerry('exec', '--on', 'agent_1', '--', 'sh', '-c', empty);
  const config = join(dir, 'ssh_config');
  await writeFile(config, (await skerry('ssh-config')).stdout);
  const rsync = ['rsync', '-a', '-e', `ssh -F ${config}`, `${tree}/`, 'agent_1:/srv/peer/'];
  samples.add('rsync', 'first', (await run(rsync, { signal, timeoutMs: 300_000 })).seconds);
  await skerry('exec', '--on', 'agent_1', '--', 'rm', '-rf', '/srv/peer');
  await skerry('up');
  await skerry('sync');
}

async function restarts(
  samples: Samples,
  context: BenchContext,
  built: BuiltSkerry,
  tree: string,
): Promise<void> {
  await using hack = start(context, built, ['hack', '--json']);
  await hack.lines(1, (line) => line.includes('"kind":"end"'));
  // Machines that came a little later have their daemons started by themselves.
  await sleep(SETTLE_MS);
  for (let at = 0; at < RESTARTS; at++) {
    await sleep(1500);
    const ended = hack.lines(1, (line) => /"outcome":"(?!started)/.test(line));
    const began = performance.now();
    await writeFile(join(tree, 'server.pl'), `# ${at}\n${DAEMON}`);
    const [line = ''] = await ended;
    if (!line.includes('"outcome":"runs"')) throw new BenchError(`hack: ${line}`);
    samples.add('skerry', 'restart', (performance.now() - began) / 1000);
  }
}

/** Percent of one core that the process which keeps the trees takes while nothing changes. */
async function idleCpu({ dir, signal }: BenchContext): Promise<number> {
  await sleep(3000);
  const { stdout } = await run(['pgrep', '-f', `${dir}/skerry/.*live-sync`], { signal });
  const ticks = async (): Promise<number> => {
    const fields = (await readFile(`/proc/${stdout.trim()}/stat`, 'utf8'))
      .split(') ')[1]
      ?.split(' ');
    return Number(fields?.[11]) + Number(fields?.[12]);
  };
  const before = await ticks();
  await sleep(IDLE_MS);
  return (((await ticks()) - before) * 10 * 100) / IDLE_MS;
}

async function rsyncs(samples: Samples, { vagrant }: Vagrant, tree: string): Promise<void> {
  await writeFile(join(tree, 'edited', 'file'), `token ${Math.random()}\n`);
  samples.add('vagrant', 'edit', (await vagrant('rsync')).seconds * 1000);
}

/** A command that goes on, whose lines are waited for. */
function start(
  { signal, dir }: BenchContext,
  { argv, env }: BuiltSkerry,
  args: readonly string[],
): AsyncDisposable & {
  lines: (count: number, isWanted: (line: string) => boolean) => Promise<string[]>;
} {
  const [program = '', ...first] = argv;
  const child: ChildProcessByStdio<null, Readable, null> = spawn(program, [...first, ...args], {
    ...{ env, signal, cwd: join(dir, 'lab') },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.on('error', () => {});
  const reader = createInterface(child.stdout);
  return {
    lines: (count, isWanted) =>
      new Promise((resolve, reject) => {
        const found: string[] = [];
        const timer = setTimeout(
          () =>
            reject(
              new BenchError(`${args.join(' ')}: only ${found.length} of ${count} lines came`),
            ),
          SEEN_MS,
        );
        const take = (line: string): void => {
          if (!isWanted(line)) return;
          found.push(line);
          if (found.length < count) return;
          clearTimeout(timer);
          reader.off('line', take);
          resolve(found);
        };
        reader.on('line', take);
      }),
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        child.once('close', () => resolve());
        child.kill('SIGINT');
      }),
  };
}

function rows(samples: Samples): Row[] {
  const edit = samples.of('skerry', 'edit');
  const sorted = [...edit].sort((a, b) => a - b);
  const p95 = sorted[Math.ceil(sorted.length * 0.95) - 1] ?? Number.NaN;
  const vagrant = { peer: samples.of('vagrant', 'edit'), peerName: 'vagrant rsync' };
  return [
    {
      what: 'a saved file, seen in all three machines',
      unit: 'ms',
      skerry: edit,
      ...vagrant,
      goal: 30,
    },
    {
      what: '- the 95th percentile of that',
      unit: 'ms',
      skerry: [p95],
      ...vagrant,
      goal: 30,
      atMost: 250,
    },
    {
      what: 'saved, until three daemons are restarted and ready',
      unit: 's',
      skerry: samples.of('skerry', 'restart'),
    },
    {
      what: 'first copy of the tree to one machine',
      unit: 's',
      skerry: samples.of('skerry', 'first'),
      peer: samples.of('rsync', 'first'),
      peerName: 'rsync -a over ssh',
      goal: 1,
    },
    {
      what: 'keeping the trees, nothing changes: CPU of one core',
      unit: '%',
      skerry: samples.of('skerry', 'idle'),
      atMost: 1,
    },
  ];
}
