// From libvirt's event to the browser's screen, alone and with 50 hypervisors of 100 machines each that tell what they use once a
// second; what central needs for that; and what a list of 5,000 machines costs a browser. Over ejabberd, as on real hosts.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { connect } from '@skerry/libvirt';
import { build } from 'vite';
import { startDaemon } from '../packages/libvirt/test/daemon.ts';
import { Agent } from '../packages/skerry/src/cloud/agent/agent.ts';
import { XmppBus } from '../packages/skerry/src/cloud/bus/xmpp/xmpp-bus.ts';
import { startBrowser } from '../packages/web/test/support/browser.ts';
import type { CentralPlace } from './cloud/central.ts';
import { filter, frames, scroll, unfilter } from './cloud/frames.ts';
import { type Bench, type BenchContext, BenchError, type Row } from './lib/bench.ts';

type Page = Awaited<ReturnType<typeof startBrowser>>['page'];

const SIMULATED = 50;
const EVENTS_A_RUN = 20;
const WATCH_MS = 10_000;
const SEEN_MS = 10_000;
const MACHINES = 5000;
const HERTZ = 100;

export const bench: Bench = {
  name: 'cloud',
  description:
    'libvirt event to pixel, central under the load of 5,000 machines, a list of them in Chromium',
  run: measure,
};

async function measure(context: BenchContext): Promise<Row[]> {
  const { dir, runs, cleanup, log, fact } = context;
  const web = fileURLToPath(new URL('../packages/web', import.meta.url));
  log('building the web UI');
  process.env['NODE_ENV'] = 'production';
  await build({ root: web, logLevel: 'error' });
  const names = Array.from({ length: SIMULATED }, (_, at) => `sim${at + 1}`);
  log('starting ejabberd, central, libvirt and Chromium');
  const central = start(context, 'central.ts', [dir, join(web, 'dist'), 'hv1', ...names]);
  const place = JSON.parse(await firstLine(central)) as CentralPlace;
  const daemon = cleanup.use(await startDaemon());
  const { domain, server, passwords } = place;
  cleanup.use(
    await Agent.start({
      name: 'hv1',
      libvirtUri: daemon.uri('test:///default'),
      stateDir: join(dir, 'agent'),
      bus: new XmppBus({ address: 'hv1', domain, server, password: passwords['hv1'] ?? '' }),
      settings: {
        pool: 'default-pool',
        imagesPool: 'default-pool',
        sharedStorage: true,
        migrationUri: null,
      },
      version: 'bench',
    }),
  );
  const { page } = cleanup.use(await startBrowser());
  await page.context().addCookies([{ name: 'skerry', value: place.session, url: place.url }]);
  await page.goto(place.url);
  await page.getByText('test', { exact: true }).first().click();
  const javascript: number = await page.evaluate(
    `performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('.js'))
      .reduce((sum, entry) => sum + entry.encodedBodySize, 0)`,
  );
  await watchState(page);
  log('events at rest');
  const rest = await events(page, daemon.uri('test:///default'), runs);
  const agents = start(context, 'agents.ts', names);
  agents.stdin?.write(`${JSON.stringify(place)}\n`);
  log(`${SIMULATED} hypervisors more`);
  await firstLine(agents);
  await page.waitForTimeout(5000);
  log('events under load');
  const [use, loaded] = await Promise.all([
    useOf(central.pid ?? 0),
    events(page, daemon.uri('test:///default'), runs),
  ]);
  log(`a list of ${MACHINES} machines`);
  const [scrolled, filtered]: [number[], number[]] = [[], []];
  for (let run = 0; run < runs; run++) {
    scrolled.push(...(await frames(page, () => scroll(page))));
    filtered.push(...(await frames(page, () => filter(page))));
    await unfilter(page);
  }
  fact('machines', `${SIMULATED} hypervisors of 100, usage of all once a second, over ejabberd`);
  fact('events', `${runs * EVENTS_A_RUN} pauses and resumes of libvirt's test driver each`);
  const row = (what: string, unit: string, value: number, atMost: number): Row => ({
    what,
    unit,
    skerry: [value],
    atMost,
  });
  return [
    row('libvirt event to pixel at rest, p95', 'ms', p95(rest), 100),
    row('- median', 'ms', middle(rest), 100),
    row('libvirt event to pixel under load, p95', 'ms', p95(loaded), 250),
    row('- median', 'ms', middle(loaded), 250),
    row('central under load', 'cores', use.cores, 1),
    row('- its memory', 'MiB', use.mib, 400),
    row(`scrolling ${MACHINES} machines, a frame, p95`, 'ms', p95(scrolled), 16),
    row(`filtering them, a frame, p95`, 'ms', p95(filtered), 16),
    row('first load, JavaScript', 'KB', javascript / 1000, 300),
  ];
}

function start({ cleanup }: BenchContext, file: string, args: readonly string[]): ChildProcess {
  const path = fileURLToPath(new URL(`cloud/${file}`, import.meta.url));
  const child = spawn(process.execPath, ['--conditions=@skerry/source', path, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  cleanup.defer(async () => {
    child.stdin?.end();
    if (child.exitCode === null) await new Promise((resolve) => child.once('exit', resolve));
  });
  return child;
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new BenchError('it has no output');
  for await (const line of createInterface({ input: child.stdout })) return line;
  throw new BenchError('it ended before it said anything');
}

/** Notes when the state that is shown was painted. */
async function watchState(page: Page): Promise<void> {
  await page.locator('.entity-title .pill').waitFor();
  await page.evaluate(`
    window.seen = [];
    new MutationObserver(() => {
      const text = document.querySelector('.entity-title .pill')?.textContent ?? '';
      requestAnimationFrame(() => window.seen.push([text, Date.now()]));
    }).observe(document.querySelector('.entity-title'), { subtree: true, childList: true, characterData: true, attributes: true });
  `);
}

/** Milliseconds from a change by another libvirt client to its pixel. */
async function events(page: Page, uri: string, runs: number): Promise<number[]> {
  await using libvirt = await connect(uri);
  const domain = await libvirt.domain('test');
  const took: number[] = [];
  for (let event = 0; event < runs * EVENTS_A_RUN; event++) {
    const wanted = event % 2 === 0 ? 'paused' : 'running';
    await page.evaluate('window.seen.splice(0)');
    const began = Date.now();
    await (event % 2 === 0 ? domain.suspend() : domain.resume());
    took.push((await paintedAt(page, wanted)) - began);
    // Not in step with anything else.
    await page.waitForTimeout(50 + Math.random() * 200);
  }
  return took;
}

/** When a state was painted: asked for again and again, since the page's own rules forbid to wait in it. */
async function paintedAt(page: Page, state: string): Promise<number> {
  for (const deadline = Date.now() + SEEN_MS; Date.now() < deadline;) {
    const seen = await page.evaluate(
      `window.seen.find(([text]) => text.includes('${state}'))?.[1]`,
    );
    if (typeof seen === 'number') return seen;
    await page.waitForTimeout(20);
  }
  throw new BenchError(`'${state}' was not seen within ${SEEN_MS / 1000} s`);
}

async function useOf(pid: number): Promise<{ cores: number; mib: number }> {
  const ticks = async (): Promise<number> => {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(fields[11]) + Number(fields[12]);
  };
  const before = await ticks();
  await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
  const cores = ((await ticks()) - before) / HERTZ / (WATCH_MS / 1000);
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return { cores, mib: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024 };
}

function p95(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * 0.95) - 1] ?? 0;
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
