// Nightlies, status, sync and clones of superprojects, beside git's own commands. Connections take as long for both: they
// go through a fake ssh that waits. What is compared and what is not: docs/benchmarks.md.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Farm, makeFarm } from '../packages/skerry/test/support/superproject-farm.ts';
import { type Bench, type BenchContext, BenchError, type Row } from './lib/bench.ts';
import { installMissing, packageVersions } from './lib/packages.ts';
import { run } from './lib/process.ts';
import { Samples } from './lib/samples.ts';
import { type BuiltSkerry, buildSkerry } from './lib/skerry.ts';

/** Components, and milliseconds to set up a connection. */
const SIZES = [
  [10, 0],
  [10, 50],
  [100, 0],
  [100, 50],
  [500, 0],
  [500, 50],
] as const;
const CHANGED = 20;
const LARGEST = 500;
const LONG_MS = 600_000;

export const bench: Bench = {
  name: 'superproject',
  description: 'nightly, status, sync and clone of up to 500 components, beside git itself',
  run: measure,
};

interface Place {
  readonly context: BenchContext;
  readonly built: BuiltSkerry;
  readonly farm: Farm;
  readonly samples: Samples;
  /** `500@50`. */
  readonly size: string;
}

async function measure(context: BenchContext): Promise<Row[]> {
  const { log, fact, runs, cleanup, signal } = context;
  const samples = new Samples();
  log('building skerry');
  const built = await buildSkerry(context);
  fact('git', (await run(['git', 'version'], { signal })).stdout.trim());
  fact('peer', await requireVcstool(context));
  fact('components', `20 commits and 2 to 21 files each; ${CHANGED} of them change a round`);
  for (const [components, latencyMs] of SIZES) {
    const size = `${components}@${latencyMs}`;
    log(`${size}: making repositories`);
    const farm = cleanup.use(await makeFarm({ components, latencyMs, commits: 20 }));
    const place = { context, built, farm, samples, size };
    // The first nightly gives every pin its keep ref; those after it are what nights are like.
    await skerry(place, ['nightly', '--url', farm.url, '--branch', 'main']);
    for (let round = 1; round <= runs; round++) {
      log(`${size}: round ${round} of ${runs}`);
      await nightlies(place, round);
    }
    if (size === `${LARGEST}@50`)
      for (let round = 1; round <= runs; round++) {
        log(`${size}: clone, sync and status, round ${round} of ${runs}`);
        await checkouts(place);
      }
    await farm[Symbol.asyncDispose]();
  }
  return rows(samples);
}

async function nightlies(place: Place, round: number): Promise<void> {
  const { farm, samples, size } = place;
  const url = ['--url', farm.url, '--branch', 'main'];
  await change(farm, `ours ${round}`);
  await farm.forget();
  const { seconds, peakMiB } = await skerry(place, ['nightly', ...url]);
  samples.add('skerry', `nightly ${size}`, seconds);
  samples.add('skerry', `memory ${size}`, peakMiB);
  samples.add('skerry', `connections ${size}`, (await farm.connections()).length);
  await change(farm, `recipe ${round}`);
  await farm.forget();
  samples.add('git', `nightly ${size}`, await recipe(place, round));
  samples.add('git', `connections ${size}`, (await farm.connections()).length);
}

/** What people have in a cron job: clone, move, commit, tag, push. */
async function recipe({ context, farm }: Place, round: number): Promise<number> {
  const dir = join(farm.dir, 'recipe');
  const script = `set -e
git clone --quiet --recursive --jobs 8 -b main '${farm.url}' '${dir}'
cd '${dir}'
git submodule --quiet update --remote
git commit --quiet --all --message 'Nightly recipe-${round}'
git tag --annotate --message 'recipe-${round}' 'recipe-${round}'
git push --quiet origin main 'recipe-${round}'`;
  const { seconds } = await git(context, farm, ['sh', '-c', script]);
  await rm(dir, { recursive: true });
  return seconds;
}

async function checkouts(place: Place): Promise<void> {
  const { context, farm, samples } = place;
  const [ours, theirs] = [join(farm.dir, 'ours'), join(farm.dir, 'theirs')];
  samples.add('skerry', 'clone', (await skerry(place, ['clone', farm.url, ours])).seconds);
  const clone = ['git', 'clone', '--quiet', '--recursive', '--jobs', '8', farm.url, theirs];
  samples.add('git', 'clone', (await git(context, farm, clone)).seconds);
  samples.add('skerry', 'sync', (await skerry(place, ['sync'], ours)).seconds);
  const update = ['git', '-C', theirs, 'submodule', 'update', '--init', '--jobs', '8'];
  samples.add('git', 'sync', (await git(context, farm, update)).seconds);
  samples.add('skerry', 'status', (await skerry(place, ['status'], ours)).seconds);
  const status = ['git', '-C', theirs, 'submodule', 'status'];
  samples.add('git', 'status', (await git(context, farm, status)).seconds);
  const remote = ['status', '--url', farm.url, '--branch', 'main'];
  samples.add('skerry', 'remote status', (await skerry(place, remote)).seconds);
  const fetch = ['git', '-C', theirs, 'fetch', '--quiet', '--recurse-submodules=yes', '--jobs=8'];
  samples.add('git', 'remote status', (await git(context, farm, fetch)).seconds);
  await rm(theirs, { recursive: true });
  await vcstool(place, ours);
  await rm(ours, { recursive: true });
}

/** The same with vcstool, at the pins that the checkout in `from` has. It has no superproject: a list of repositories is all. */
async function vcstool({ context, farm, samples }: Place, from: string): Promise<void> {
  const dir = join(farm.dir, 'vcs');
  const list = join(farm.dir, 'pins.repos');
  const { stdout } = await git(context, farm, ['git', '-C', from, 'ls-tree', '-r', 'HEAD']);
  const pins = [...stdout.matchAll(/^160000 commit (\w+)\t(.*)$/gm)];
  const url = new Map(farm.components.map((component) => [component.path, component.url]));
  const entries = pins.map(
    ([, pin, path = '']) =>
      `  ${path}:\n    type: git\n    url: ${url.get(path)}\n    version: ${pin}\n`,
  );
  await writeFile(list, `repositories:\n${entries.join('')}`);
  await mkdir(dir);
  const vcs = async (what: string, ...args: string[]) =>
    samples.add('vcs', what, (await git(context, farm, ['vcs', ...args, dir])).seconds);
  await vcs('clone', 'import', '--workers', '8', '--input', list);
  await vcs('sync', 'import', '--workers', '8', '--input', list);
  await vcs('status', 'status', '--workers', '8');
  await rm(dir, { recursive: true });
}

async function change(farm: Farm, text: string): Promise<void> {
  for (const component of farm.components.slice(0, CHANGED))
    await component.commit({ changed: text });
}

/** Says how to get it, or gets it when asked to. Gives its version. */
async function requireVcstool(context: BenchContext): Promise<string> {
  await installMissing(context, existsSync('/usr/bin/vcs') ? [] : ['vcstool']);
  return packageVersions(context, ['vcstool']);
}

function git(context: BenchContext, { env }: Farm, argv: readonly string[]) {
  const all = { ...process.env, ...env };
  return run(argv, { signal: context.signal, timeoutMs: LONG_MS, env: all });
}

/** Runs `skerry superproject` and looks now and then how much memory it has had at most. */
async function skerry(
  { context, built, farm }: Place,
  args: readonly string[],
  cwd = farm.dir,
): Promise<{ seconds: number; peakMiB: number }> {
  const [program = '', ...first] = built.argv;
  const start = performance.now();
  const child = spawn(program, [...first, 'superproject', ...args], {
    cwd,
    env: { ...built.env, ...farm.env },
    signal: context.signal,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  let peakMiB = 0;
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const timer = setInterval(() => {
    peakMiB = Math.max(peakMiB, peakOf(child.pid));
  }, 50);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject).on('close', resolve);
  }).finally(() => clearInterval(timer));
  if (code !== 0) throw new BenchError(`skerry superproject ${args.join(' ')}: ${code}\n${said}`);
  return { seconds: (performance.now() - start) / 1000, peakMiB };
}

function peakOf(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

function rows(samples: Samples): Row[] {
  const pair = (what: string) => ({
    skerry: samples.of('skerry', what),
    peer: samples.of('git', what),
  });
  const besideVcs = (what: string) => ({
    unit: 's',
    skerry: samples.of('skerry', what),
    peer: samples.of('vcs', what),
  });
  const most = 2 * LARGEST + 3 * CHANGED + 5;
  return [
    ...SIZES.map(([components, latencyMs]) => ({
      what: `nightly of ${components}, ${latencyMs} ms a connection`,
      unit: 's',
      ...pair(`nightly ${components}@${latencyMs}`),
      peerName: 'clone, submodule update --remote, push',
      ...(components === LARGEST && latencyMs === 50 && { goal: 6 }),
    })),
    {
      what: `- its connections (at most ${most})`,
      unit: '',
      ...pair('connections 500@50'),
      peerName: 'the same',
      atMost: most + 1,
    },
    {
      what: '- its memory at most',
      unit: 'MiB',
      skerry: samples.of('skerry', 'memory 500@50'),
    },
    {
      what: '- that of a nightly of 10',
      unit: 'MiB',
      skerry: samples.of('skerry', 'memory 10@50'),
    },
    {
      what: 'status of 500 on their remotes, without a clone',
      unit: 's',
      ...pair('remote status'),
      peerName: 'git fetch --recurse-submodules -j8 in a clone',
      atMost: 3,
    },
    {
      what: 'sync of 500, nothing to do',
      unit: 's',
      ...pair('sync'),
      peerName: 'git submodule update --jobs 8',
      goal: 1,
    },
    {
      what: 'status of 500 here',
      unit: 's',
      ...pair('status'),
      peerName: 'git submodule status',
    },
    {
      what: 'clone of 500, 50 ms a connection',
      unit: 's',
      ...pair('clone'),
      peerName: 'git clone --recursive --jobs 8',
    },
    {
      what: '- sync, nothing to do, beside vcstool',
      ...besideVcs('sync'),
      peerName: 'vcs import --workers 8 once more',
    },
    {
      what: '- status here, beside vcstool',
      ...besideVcs('status'),
      peerName: 'vcs status --workers 8',
    },
    {
      what: '- clone, beside vcstool',
      ...besideVcs('clone'),
      peerName: 'vcs import --workers 8',
    },
  ];
}
