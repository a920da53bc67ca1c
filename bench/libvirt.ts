// Our libvirt client beside python3-libvirt (libvirt's C library) and virsh, all with one private libvirtd. What is
// compared and what is not: docs/benchmarks.md.
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from '@skerry/libvirt';
import { type Daemon, startDaemon } from '../packages/libvirt/test/daemon.ts';
import { type Bench, type BenchContext, BenchError, type Row } from './lib/bench.ts';
import { installMissing, packageVersions } from './lib/packages.ts';
import { run } from './lib/process.ts';

const VOLUME_BYTES = 256 * 2 ** 20;
const DOMAINS = 1000;
const PACKAGES = ['python3-libvirt', 'libvirt-clients', 'libvirt-daemon'];
const PYTHON = '/usr/bin/python3';

export const bench: Bench = {
  name: 'libvirt',
  description: 'the libvirt client: latency, throughput, streams, memory, beside python3-libvirt',
  run: measure,
};

interface Pair {
  readonly key: string;
  readonly what: string;
  readonly unit: string;
  readonly count: number;
  readonly uri: 'test' | 'many' | 'storage';
  readonly goal?: number;
  readonly atMost?: number;
}

const PAIRS: readonly Pair[] = [
  {
    key: 'info',
    what: 'domain info, one after the other',
    unit: 'µs',
    count: 10_000,
    uri: 'test',
    goal: 1,
  },
  {
    key: 'xml',
    what: 'domain XML, one after the other',
    unit: 'µs',
    count: 10_000,
    uri: 'test',
    goal: 1,
  },
  {
    key: 'flight',
    what: 'domain info, 32 in flight (peer: 32 threads)',
    unit: 'µs',
    count: 32_000,
    uri: 'test',
    goal: 1.3,
  },
  {
    key: 'cpu',
    what: 'CPU time of the client for one domain info',
    unit: 'µs',
    count: 10_000,
    uri: 'test',
  },
  {
    key: 'stats',
    what: 'all stats of 1,000 domains, parsed',
    unit: 'ms',
    count: 10,
    uri: 'many',
    atMost: 150,
  },
  {
    key: 'upload',
    what: 'upload of 256 MiB',
    unit: 's',
    count: VOLUME_BYTES,
    uri: 'storage',
    atMost: 0.67,
  },
  {
    key: 'download',
    what: 'download of 256 MiB',
    unit: 's',
    count: VOLUME_BYTES,
    uri: 'storage',
    atMost: 0.67,
  },
];

async function measure(context: BenchContext): Promise<Row[]> {
  const { runs, log, fact, dir } = context;
  fact('peer', await requirePeer(context));
  await using daemon = await startDaemon();
  await prepareStorage(daemon);
  const file = join(dir, 'many.xml');
  await writeFile(file, manyDomains());
  const uris = { test: 'test:///default', many: `test://${file}`, storage: 'qemu:///system' };
  const samples = new Map<string, number[]>();
  const add = (name: string, value: number): void => {
    samples.set(name, [...(samples.get(name) ?? []), value]);
  };
  for (let round = 1; round <= runs; round++) {
    log(`round ${round} of ${runs}`);
    for (const { key, count, uri } of PAIRS) {
      add(`peer ${key}`, await python(context, key, daemon.clientUri(uris[uri]), count));
      add(key, await ours(context, key, daemon.uri(uris[uri]), count));
    }
    add('domstate', await ours(context, 'domstate', daemon.uri(uris.test), 5000));
    add('peer domstate', await virshOpen(context, daemon.clientUri(uris.test)));
    add('one-shot', await virshOneShot(context, daemon.clientUri(uris.test)));
  }
  log('memory over a million calls');
  add('heap', await ours(context, 'heap', daemon.uri(uris.test), 1_000_000));
  return rows((name) => samples.get(name) ?? []);
}

function rows(of: (name: string) => readonly number[]): Row[] {
  const pairs = PAIRS.map(({ key, what, unit, goal, atMost }) => ({
    what,
    unit,
    skerry: of(key),
    peer: of(`peer ${key}`),
    peerName: 'python3-libvirt',
    ...(goal !== undefined && { goal }),
    ...(atMost !== undefined && { atMost }),
  }));
  return [
    ...pairs,
    {
      what: 'look up and state, one after the other (peer: `domstate`)',
      unit: 'µs',
      skerry: of('domstate'),
      peer: of('peer domstate'),
      peerName: 'virsh kept open',
    },
    {
      what: 'a call with 32 in flight (peer: one `virsh domstate`)',
      unit: 'µs',
      skerry: of('flight'),
      peer: of('one-shot'),
      peerName: 'virsh',
      goal: 150,
    },
    { what: 'growth of the heap over 1,000,000 calls', unit: 'MiB', skerry: of('heap'), atMost: 5 },
  ];
}

async function ours(
  { signal }: BenchContext,
  what: string,
  uri: string,
  count: number,
): Promise<number> {
  const flags = [
    '--expose-gc',
    '--conditions=@skerry/source',
    '--disable-warning=ExperimentalWarning',
  ];
  const script = join(import.meta.dirname, 'libvirt', 'client.ts');
  const argv = [process.execPath, ...flags, script, what, uri, String(count)];
  return JSON.parse((await run(argv, { signal, timeoutMs: 300_000 })).stdout) as number;
}

async function python(
  { signal }: BenchContext,
  what: string,
  uri: string,
  count: number,
): Promise<number> {
  const script = join(import.meta.dirname, 'libvirt', 'client.py');
  const argv = [PYTHON, script, what, uri, String(count)];
  return JSON.parse((await run(argv, { signal, timeoutMs: 300_000 })).stdout) as number;
}

/** Microseconds a command in a virsh that is already connected. */
async function virshOpen({ signal }: BenchContext, uri: string): Promise<number> {
  const time = async (count: number): Promise<number> => {
    const input = 'domstate test\n'.repeat(count);
    return (await run(['virsh', '-q', '-c', uri], { signal, input })).seconds;
  };
  const few = await time(1);
  return ((await time(1001)) - few) * 1e3;
}

/** Microseconds a command that starts a virsh. */
async function virshOneShot({ signal }: BenchContext, uri: string): Promise<number> {
  let seconds = 0;
  for (let i = 0; i < 20; i++)
    seconds += (await run(['virsh', '-q', '-c', uri, 'domstate', 'test'], { signal })).seconds;
  return (seconds / 20) * 1e6;
}

async function prepareStorage(daemon: Daemon): Promise<void> {
  await using conn = await connect(daemon.uri('qemu:///system'));
  const pool = await conn.definePool(
    `<pool type='dir'><name>bench</name><target><path>${daemon.folder}/pool</path></target></pool>`,
  );
  await pool.build();
  await pool.start();
  await pool.createVolume(
    `<volume><name>raw</name><capacity>${VOLUME_BYTES}</capacity><target><format type='raw'/></target></volume>`,
  );
}

/** A configuration of the test driver. */
function manyDomains(): string {
  const domain = (at: number): string =>
    `<domain type='test'><name>d${at}</name><memory>65536</memory><vcpu>1</vcpu><os><type>hvm</type></os></domain>`;
  return `<node>${Array.from({ length: DOMAINS }, (_, at) => domain(at)).join('\n')}</node>\n`;
}

/** Says what is missing and how to get it, or gets it when asked to. Gives the peers' versions. */
async function requirePeer(context: BenchContext): Promise<string> {
  const isThere =
    existsSync('/usr/lib/python3/dist-packages/libvirt.py') && existsSync('/usr/bin/virsh');
  await installMissing(context, isThere ? [] : PACKAGES);
  if (process.getuid?.() !== 0)
    throw new BenchError('run this bench as root: it starts a libvirtd');
  return packageVersions(context, PACKAGES);
}
