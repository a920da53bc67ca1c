// One measurement of our client in a process of its own: `client.ts WHAT URI COUNT`. Prints the value as JSON.
import { once } from 'node:events';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { connect, type Connection } from '@skerry/libvirt';

type Measure = (conn: Connection, count: number) => Promise<number>;

const IN_FLIGHT = 32;
const CHUNK = 256 * 1024;

const measures: Record<string, Measure> = {
  info: async (conn, count) => {
    const domain = await conn.domain('test');
    return perCallUs(count, () => domain.info());
  },
  xml: async (conn, count) => {
    const domain = await conn.domain('test');
    return perCallUs(count, () => domain.xml());
  },
  domstate: (conn, count) => perCallUs(count, async () => (await conn.domain('test')).state()),
  flight: async (conn, count) => {
    const domain = await conn.domain('test');
    const share = Math.ceil(count / IN_FLIGHT);
    const each = async (): Promise<void> => {
      for (let i = 0; i < share; i++) await domain.info();
    };
    const all = (): Promise<unknown> => Promise.all(Array.from({ length: IN_FLIGHT }, each));
    await all();
    return (await secondsOf(all)) * (1e6 / (share * IN_FLIGHT));
  },
  stats: async (conn, count) => {
    for (let i = 0; i < 3; i++) await conn.domainStats();
    return (await perCallUs(count, () => conn.domainStats())) / 1000;
  },
  /** CPU time of this process a call, in microseconds. */
  cpu: async (conn, count) => {
    const domain = await conn.domain('test');
    await perCallUs(count, () => domain.info());
    const start = process.cpuUsage();
    for (let i = 0; i < count; i++) await domain.info();
    const { user, system } = process.cpuUsage(start);
    return (user + system) / count;
  },
  upload: async (conn, bytes) => {
    const volume = await (await conn.pool('bench')).volume('raw');
    const chunk = Buffer.alloc(CHUNK, 0x5a);
    const chunks = function* (): Generator<Buffer> {
      for (let at = 0; at < bytes; at += CHUNK) yield chunk;
    };
    return secondsOf(async () => pipeline(Readable.from(chunks()), await volume.openUpload()));
  },
  download: async (conn, bytes) => {
    const volume = await (await conn.pool('bench')).volume('raw');
    let got = 0;
    const count = new Writable({
      write(part: Buffer, _encoding, done) {
        got += part.length;
        done();
      },
    });
    const seconds = await secondsOf(async () => pipeline(await volume.openDownload(), count));
    if (got !== bytes) throw new Error(`got ${got} bytes, not ${bytes}`);
    return seconds;
  },
  /** How much the heap has grown, in MiB, over `count` calls after a tenth as many. */
  heap: async (conn, count) => {
    const domain = await conn.domain('test');
    const calls = async (total: number): Promise<void> => {
      const share = Math.ceil(total / 8);
      const each = async (): Promise<void> => {
        for (let i = 0; i < share; i++) await domain.info();
      };
      await Promise.all(Array.from({ length: 8 }, each));
    };
    await calls(count / 10);
    const before = heapMiB();
    await calls(count);
    return heapMiB() - before;
  },
};

async function perCallUs(count: number, call: () => Promise<unknown>): Promise<number> {
  for (let i = 0; i < count / 5; i++) await call();
  const repeat = async (): Promise<void> => {
    for (let i = 0; i < count; i++) await call();
  };
  return (await secondsOf(repeat)) * (1e6 / count);
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

function heapMiB(): number {
  for (let i = 0; i < 3; i++) globalThis.gc?.();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

const [what = '', uri = '', count = ''] = process.argv.slice(2);
const measure = measures[what];
if (measure === undefined) throw new Error(`cannot measure "${what}"`);
// All 32 in the daemon, as the threads of the peer have them; the default of 4 is for calls that may take long.
await using conn = await connect(uri, what === 'flight' ? { maxInFlight: IN_FLIGHT } : {});
process.stdout.write(JSON.stringify(await measure(conn, Number(count))));
if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain');
