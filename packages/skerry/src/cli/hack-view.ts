// What `hack` shows: one calm screen in a terminal, lines elsewhere, or events as JSON.
import { stripVTControlCharacters, styleText } from 'node:util';
import type { HackEvent } from '../lab/hack-event.ts';
import type { DaemonResult } from '../lab/daemons.ts';
import type { LabSpec } from '../lab-file/spec.ts';
import { formatBytes, formatSeconds } from './amounts.ts';
import { labelOf } from './common.ts';
import { clip } from './progress-view.ts';
import { percentOf } from '../lab/percent.ts';
import { some } from './some.ts';
import { formatTable } from './table.ts';

export interface HackView {
  readonly onEvent: (event: HackEvent) => void;
  readonly end: () => void;
}

type HackEnd = Extract<HackEvent, { kind: 'end' }>;
type HackWait = Extract<HackEvent, { kind: 'wait' }>;

/** Changes that the screen remembers. */
const HISTORY = 8;

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

/** An event as lines of a log; some say nothing. */
export function formatHackEvent(event: HackEvent): string[] {
  const time = styleText('dim', new Date().toTimeString().slice(0, 8));
  const line = (text: string): string[] => [`${time}  ${text}`];
  switch (event.kind) {
    case 'machine':
      return line(
        event.isThere
          ? `${event.machine}  ${styleText('green', event.reason === '' ? 'has all files' : `has all but ${event.reason}, which is on its way`)}`
          : `${event.machine}  ${styleText('yellow', `away: ${event.reason}`)}`,
      );
    case 'change':
      return line(
        changeWords(event) +
          (event.failed.length > 0 ? `, with ${some(event.failed)}, which did not run before` : ''),
      );
    case 'build': {
      const where = event.machine === undefined ? '' : ` in ${event.machine}`;
      if (event.error === undefined)
        return line(
          `built${where}: ${event.command}  ${styleText('dim', formatSeconds(event.durationMs))}`,
        );
      const failed = styleText('red', `the build failed${where}: ${event.command}: ${event.error}`);
      return [...line(failed), ...indent(event.output)];
    }
    case 'push':
      if (event.error !== undefined)
        return line(`${event.machine}  ${styleText('red', event.error)}`);
      return event.changes === 0
        ? []
        : line(
            styleText(
              'dim',
              `${event.machine}  ${event.changes === 1 ? '1 change' : `${event.changes} changes`}, ${formatBytes(event.bytes)}`,
            ),
          );
    case 'restart':
      return [];
    case 'wait':
      return line(styleText('dim', waitOf(event)));
    case 'sending':
      return line(
        styleText(
          'dim',
          event.bytes === event.of
            ? `${event.machine}  ${event.path} is there, ${formatBytes(event.bytes)}`
            : `${event.machine}  ${sendingOf(event)}`,
        ),
      );
    case 'daemon': {
      const { daemon, machine, how, durationMs, error } = event.result;
      if (error)
        return [
          ...line(styleText('red', firstLine(error.message))),
          ...indent(restOf(error.message)),
        ];
      if (how === 'kept') return [];
      const did = how === 'stale' ? 'restarted, for it was older than its files' : how;
      return line(
        `${machine}  ${daemon} ${did}, ready ${styleText('dim', `in ${formatSeconds(durationMs)}`)}`,
      );
    }
    case 'end':
      return line(formatOutcome(event));
    case 'note':
      return line(styleText('yellow', event.text));
    default:
      return event satisfies never;
  }
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

/** What the screen knows. Exported for its test. */
export class HackScreen {
  readonly #lab: LabSpec;
  readonly #daemons: readonly string[];
  readonly #machines = new Map<string, string>();
  readonly #states = new Map<string, string>();
  #history: string[] = [];
  /** What is on its way, by machine. */
  readonly #sending = new Map<string, string>();
  /** What is not there as it is here, by machine. */
  #held = new Map<string, string>();
  /** What daemons wait for that take long. */
  readonly #waits = new Map<string, { readonly event: HackWait; readonly endMs: number }>();
  readonly #away = new Set<string>();
  #trouble: string[] = [];
  #busy = 'starting';

  constructor(lab: LabSpec, daemons: readonly string[]) {
    this.#lab = lab;
    this.#daemons = daemons;
  }

  take(event: HackEvent): void {
    if (event.kind === 'machine') this.#hear(event);
    if (event.kind === 'machine')
      this.#machines.set(
        event.machine,
        event.isThere
          ? styleText('green', 'in step')
          : styleText('yellow', `away: ${event.reason}`),
      );
    if (event.kind === 'sending') {
      if (event.bytes === event.of) this.#sending.delete(event.machine);
      else this.#sending.set(event.machine, sendingOf(event));
    }
    // Of what is still on its way more is said.
    if (event.kind === 'push' || event.kind === 'machine') this.#sending.delete(event.machine);
    if (event.kind === 'change') {
      this.#trouble = [];
      this.#busy = `${some(event.paths)}: sending`;
    }
    if (event.kind === 'build') this.#busy = 'sending';
    if (event.kind === 'push') {
      this.#busy = 'restarting';
      this.#held.delete(event.machine);
    }
    if (event.kind === 'wait')
      this.#waits.set(`${event.daemon} ${event.machine}`, {
        event,
        endMs: performance.now() + event.leftMs,
      });
    if (event.kind === 'restart')
      for (const daemon of event.daemons)
        for (const machine of event.machines)
          if (this.#states.has(`${daemon} ${machine}`))
            this.#states.set(`${daemon} ${machine}`, styleText('cyan', 'restarting'));
    if (event.kind === 'daemon') {
      this.#states.set(keyOf(event.result), stateOf(event.result));
      this.#waits.delete(keyOf(event.result));
    }
    const isTrouble =
      (event.kind === 'daemon' && event.result.error && !event.isRollBack) ||
      ((event.kind === 'build' || event.kind === 'push') && event.error !== undefined);
    if (isTrouble) this.#trouble.push(...formatHackEvent(event));
    if (event.kind === 'end') {
      this.#busy = '';
      this.#waits.clear();
      this.#held = new Map(event.held.map(({ machine, paths }) => [machine, heldOf(paths)]));
    }
    if (event.kind === 'change' || event.kind === 'end' || event.kind === 'note')
      this.#history = [...this.#history, ...formatHackEvent(event)].slice(-HISTORY);
  }

  /** Nothing is under way any more, and what is not seen to its end is not known. */
  end(): void {
    this.#busy = 'ended';
    this.#waits.clear();
    for (const [key, state] of this.#states)
      if (stripVTControlCharacters(state) === 'restarting')
        this.#states.set(key, styleText('yellow', 'not seen to be ready'));
  }

  /** @param rows how many lines there is room for */
  draw(rows: number): string[] {
    const head = ['MACHINE', 'FILES', ...this.#daemons.map((name) => name.toUpperCase())];
    const table = this.#lab.machines.map(({ name }) => [
      name,
      this.#filesOf(name),
      ...this.#daemons.map((daemon) => this.#stateOf(`${daemon} ${name}`, name)),
    ]);
    const title = `${styleText('bold', labelOf(this.#lab))}  ${styleText('dim', 'hack: save a file, and it runs. Ctrl-C ends.')}`;
    const busy =
      this.#busy === ''
        ? styleText('dim', 'waiting for a change')
        : this.#busy === 'ended'
          ? styleText('dim', 'ended')
          : styleText('cyan', `… ${this.#doing()}`);
    const top = [title, '', ...formatTable(head, table).split('\n'), '', ...this.#history, busy];
    const room = Math.max(0, rows - top.length - 2);
    const trouble = this.#trouble.slice(0, room);
    return [...top, ...(trouble.length > 0 ? ['', ...trouble] : [])].slice(0, rows - 1);
  }

  /** Whether it shows a time that runs down. */
  get isWaiting(): boolean {
    return this.#waits.size > 0;
  }

  #hear({ machine, isThere }: Extract<HackEvent, { kind: 'machine' }>): void {
    // One that comes gets all, what is held back elsewhere too.
    this.#held.delete(machine);
    if (isThere) this.#away.delete(machine);
    else this.#away.add(machine);
    if (!isThere) for (const daemon of this.#daemons) this.#states.delete(`${daemon} ${machine}`);
  }

  #filesOf(machine: string): string {
    const held = this.#away.has(machine) ? undefined : this.#held.get(machine);
    return (
      this.#sending.get(machine) ?? held ?? this.#machines.get(machine) ?? styleText('dim', '-')
    );
  }

  #stateOf(key: string, machine: string): string {
    const state = this.#away.has(machine) ? undefined : this.#states.get(key);
    return state ?? styleText('dim', '-');
  }

  /** What it is at, and what it waits for. */
  #doing(): string {
    const [wait] = this.#waits.values();
    if (wait === undefined) return this.#busy;
    const text = waitOf({ ...wait.event, leftMs: Math.max(0, wait.endMs - performance.now()) });
    const more = this.#waits.size - 1;
    return more === 0 ? text : `${text}; ${more} more`;
  }
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

function formatOutcome({ outcome, durationMs, away }: HackEnd): string {
  const took = formatSeconds(durationMs);
  const names = away.join(', ');
  const gets =
    away.length === 1 ? `${names} gets it when it is there` : `${names} get it when they are there`;
  const but = away.length > 0 ? styleText('yellow', `; ${gets}`) : '';
  switch (outcome) {
    case 'started':
      return (
        styleText('green', 'all daemons run') +
        (away.length > 0 ? styleText('yellow', `; ${names} away`) : '')
      );
    case 'sent':
      return styleText('green', `in all machines, ${took} after it was saved`) + but;
    case 'runs':
      return styleText('green', `all run it, ${took} after it was saved`) + but;
    case 'on-its-way':
      return (
        styleText('green', 'on its way: no daemon is made of it, and nothing waits for it') + but
      );
    case 'waits':
      return styleText(
        'yellow',
        away.length > 0 ? `it waits: ${gets}` : 'it waits for its machines',
      );
    case 'failed':
      return styleText('red', 'it does not run: mend it and save again');
    case 'rolled-back':
      return styleText('yellow', 'rolled back: the files from before run again');
    case 'broken-off':
      return styleText('yellow', 'broken off: something newer was saved');
    default:
      return outcome satisfies never;
  }
}

function stateOf({ how, durationMs, error }: DaemonResult): string {
  if (error) return styleText('red', 'failed');
  if (how === 'stopped' || how === 'off') return styleText('dim', how);
  const took = how === 'kept' ? '' : ` ${styleText('dim', formatSeconds(durationMs))}`;
  return `${styleText('green', 'ready')}${took}`;
}

function keyOf({ daemon, machine }: DaemonResult): string {
  return `${daemon} ${machine}`;
}

function sendingOf({ path, bytes, of }: Extract<HackEvent, { kind: 'sending' }>): string {
  return `sending ${path} ${percentOf(bytes, of)} %`;
}

function waitOf({ daemon, machine, detail, leftMs }: HackWait): string {
  return `${daemon} on ${machine}: ${detail}, ${Math.ceil(leftMs / 1000)} s left`;
}

function heldOf(paths: readonly string[]): string {
  return styleText('yellow', `held back: ${some(paths)}`);
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}

function restOf(text: string): string {
  return text.split('\n').slice(1).join('\n');
}

function indent(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => styleText('dim', `  | ${line.trimEnd()}`));
}

/** @example 'a, b saved, c removed' */
function changeWords({
  paths,
  removed,
  again,
  failed,
}: Extract<HackEvent, { kind: 'change' }>): string {
  const tried = new Set(failed);
  const all = [...paths, ...again.filter((path) => !tried.has(path))];
  const saved = all.filter((path) => !removed.includes(path));
  const gone = all.filter((path) => removed.includes(path));
  const part = (names: readonly string[], what: string): string[] =>
    names.length === 0 ? [] : [`${styleText('bold', some(names))} ${what}`];
  return [...part(saved, 'saved'), ...part(gone, 'removed')].join(', ');
}
