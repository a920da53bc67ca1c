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
    const onEvent = (event: HackEvent): void => {
      if (!isNews(event)) return;
      for (const line of formatHackEvent(event)) console.log(line);
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
