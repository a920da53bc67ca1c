// What a list costs the browser, by its own trace.
import type { startBrowser } from '../../packages/web/test/support/browser.ts';
import { BenchError } from '../lib/bench.ts';

type Page = Awaited<ReturnType<typeof startBrowser>>['page'];

/** What Chromium's trace has. */
interface TraceEvent {
  readonly ts: number;
  readonly dur?: number;
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly args?: { readonly name?: string };
}

/**
 * How long the page's main thread works for each frame while something is done, from the browser's own trace, in milliseconds:
 * all its tasks from the begin of a frame to that of the next one.
 */
export async function frames(page: Page, doing: () => Promise<void>): Promise<number[]> {
  const session = await page.context().newCDPSession(page);
  const work: TraceEvent[] = [];
  session.on('Tracing.dataCollected', ({ value }) =>
    work.push(...(value as unknown as TraceEvent[])),
  );
  await session.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: {
      includedCategories: [
        'devtools.timeline',
        'disabled-by-default-devtools.timeline.frame',
        'toplevel',
        '__metadata',
      ],
    },
  });
  await doing();
  const done = new Promise((resolve) => session.once('Tracing.tracingComplete', resolve));
  await session.send('Tracing.end');
  await done;
  await session.detach();
  return workOfFrames(work);
}

/** Of the process that paints most: there are others, without a page. */
function workOfFrames(work: readonly TraceEvent[]): number[] {
  const mains = work.filter(
    ({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain',
  );
  const each = mains.map(({ pid, tid }) => {
    const own = work.filter((event) => event.pid === pid && event.tid === tid);
    const begins = own
      .filter(({ name }) => name === 'BeginMainThreadFrame')
      .map(({ ts }) => ts)
      .toSorted((a, b) => a - b);
    const tasks = own.filter(
      ({ name }) => name === 'RunTask' || name === 'ThreadControllerImpl::RunTask',
    );
    return begins.slice(0, -1).map((begin, at) => {
      const end = begins[at + 1] ?? Infinity;
      // A frame begins within its task, so that one ends in it.
      const its = tasks.filter(({ ts, dur = 0 }) => ts + dur > begin && ts + dur <= end);
      return its.reduce((sum, { dur = 0 }) => sum + dur, 0) / 1000;
    });
  });
  const [most = []] = each.toSorted((a, b) => b.length - a.length);
  if (most.length === 0) throw new BenchError('the trace has no frame of the page');
  return most;
}

export async function scroll(page: Page): Promise<void> {
  await page.mouse.move(120, 400);
  for (let step = 0; step < 60; step++) {
    await page.mouse.wheel(0, 400);
    await page.waitForTimeout(16);
  }
}

export async function filter(page: Page): Promise<void> {
  await page.keyboard.press('/');
  for (const key of 'sim7 state:running') {
    await page.keyboard.type(key);
    await page.waitForTimeout(60);
  }
  await page.waitForTimeout(300);
}

/** The whole list again, from its beginning. */
export async function unfilter(page: Page): Promise<void> {
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await page.locator('#roster').evaluate((list) => list.scrollTo({ top: 0 }));
  await page.waitForTimeout(500);
}
