// What `hack` shows in a terminal: its machines, its daemons, what happened last, and what went wrong.
import { stripVTControlCharacters, styleText } from 'node:util';
import type { DaemonResult } from '../lab/daemons.ts';
import type { HackEvent } from '../lab/hack-event.ts';
import type { LabSpec } from '../lab-file/spec.ts';
import { formatSeconds } from './amounts.ts';
import { labelOf } from './common.ts';
import { formatHackEvent, type HackWait, sendingOf, waitOf } from './format-hack.ts';
import { some } from './some.ts';
import { formatTable } from './table.ts';

/** Changes that the screen remembers. */
const HISTORY = 8;

/** Takes events, and draws what is known by now. */
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

function stateOf({ how, durationMs, error }: DaemonResult): string {
  if (error) return styleText('red', 'failed');
  if (how === 'stopped' || how === 'off') return styleText('dim', how);
  const took = how === 'kept' ? '' : ` ${styleText('dim', formatSeconds(durationMs))}`;
  return `${styleText('green', 'ready')}${took}`;
}

function keyOf({ daemon, machine }: DaemonResult): string {
  return `${daemon} ${machine}`;
}

function heldOf(paths: readonly string[]): string {
  return styleText('yellow', `held back: ${some(paths)}`);
}
