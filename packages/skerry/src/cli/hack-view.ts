// What `hack` shows: one calm screen in a terminal, lines elsewhere, or events as JSON.
import type { HackEvent } from '../lab/hack-event.ts';
import { percentOf } from '../lab/percent.ts';
import type { LabSpec } from '../lab-file/spec.ts';
import { formatHackEvent } from './format-hack.ts';
import { HackScreen } from './hack-screen.ts';
import { clip } from './progress-view.ts';

export interface HackView {
  readonly onEvent: (event: HackEvent) => void;
  readonly end: () => void;
}

export function hackView(
  lab: LabSpec,
  daemons: readonly string[],
  { isJson, isLive }: { readonly isJson: boolean; readonly isLive: boolean },
): HackView {
  if (isJson) return { onEvent: (event) => console.log(JSON.stringify(event)), end: () => {} };
  if (!isLive) {
    const isNews = eachTenth();
    const once = onceWhileWritten();
    const onEvent = (event: HackEvent): void => {
      if (!isNews(event)) return;
      for (const each of once(event, performance.now()))
        for (const line of formatHackEvent(each)) console.log(line);
    };
    return { onEvent, end: () => {} };
  }
  return liveView(lab, daemons, process.stdout);
}

/** Whether an event is worth a line: of a file on its way, each tenth of it. Exported for its test. */
export function eachTenth(): (event: HackEvent) => boolean {
  const told = new Map<string, number>();
  return (event) => {
    if (event.kind !== 'sending') return true;
    const key = `${event.machine} ${event.path}`;
    const tenth = Math.floor(percentOf(event.bytes, event.of) / 10);
    if (event.bytes === event.of) told.delete(key);
    else if (told.get(key) === tenth) return false;
    else told.set(key, tenth);
    return true;
  };
}

/** A file that is saved again that soon is still being written. */
const WRITTEN_MS = 10_000;

/**
 * What is to be told of an event. A large file that is written is saved many times and goes by itself: that is told once, as
 * long as nothing else comes of it. Exported for its test.
 */
export function onceWhileWritten(): (event: HackEvent, nowMs: number) => HackEvent[] {
  /** What went on its way last, and when it was saved last. */
  let last: { readonly name: string; atMs: number } | undefined;
  /** Not told yet. */
  let change: HackEvent | undefined;
  return (event, nowMs) => {
    if (event.kind === 'change') {
      const name = [...event.paths, ...event.again].join('\n');
      const isAgain = last?.name === name && nowMs - last.atMs < WRITTEN_MS;
      last = { name, atMs: nowMs };
      change = isAgain ? event : undefined;
      return isAgain ? [] : [event];
    }
    const untold = change;
    if (event.kind === 'end') {
      change = undefined;
      if (event.outcome !== 'on-its-way') last = undefined;
      if (untold) return event.outcome === 'on-its-way' ? [] : [untold, event];
      return [event];
    }
    const isNothing = event.kind === 'push' && event.changes === 0 && event.error === undefined;
    if (!untold || isNothing || event.kind === 'sending') return [event];
    change = undefined;
    return [untold, event];
  };
}

function liveView(lab: LabSpec, daemons: readonly string[], stream: NodeJS.WriteStream): HackView {
  const screen = new HackScreen(lab, daemons);
  let drawn = 0;
  const draw = (): void => {
    const width = stream.columns || 80;
    const lines = screen.draw(stream.rows || 24).map((line) => clip(line, width));
    stream.write(`${drawn > 0 ? `\x1b[${drawn}A` : ''}\r\x1b[J${lines.join('\n')}\n`);
    drawn = lines.length;
  };
  stream.on('resize', draw);
  draw();
  const clock = setInterval(() => {
    if (screen.isWaiting) draw();
  }, 1000);
  return {
    onEvent: (event) => {
      screen.take(event);
      draw();
    },
    end: () => {
      stream.off('resize', draw);
      clearInterval(clock);
      screen.end();
      draw();
    },
  };
}
