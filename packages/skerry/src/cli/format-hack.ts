// The words for what `hack` does: lines of a log, and what its screen says as well.
import { styleText } from 'node:util';
import type { HackEvent } from '../lab/hack-event.ts';
import { percentOf } from '../lab/percent.ts';
import { formatBytes, formatSeconds } from './amounts.ts';
import { some } from './some.ts';

type HackEnd = Extract<HackEvent, { kind: 'end' }>;
export type HackWait = Extract<HackEvent, { kind: 'wait' }>;

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

/** What is on its way. */
export function sendingOf({ path, bytes, of }: Extract<HackEvent, { kind: 'sending' }>): string {
  return `sending ${path} ${percentOf(bytes, of)} %`;
}

/** What is waited for. */
export function waitOf({ daemon, machine, detail, leftMs }: HackWait): string {
  return `${daemon} on ${machine}: ${detail}, ${Math.ceil(leftMs / 1000)} s left`;
}

function formatOutcome({ outcome, durationMs, away, came }: HackEnd): string {
  const took = formatSeconds(durationMs);
  const names = away.join(', ');
  const gets =
    away.length === 1 ? `${names} gets it when it is there` : `${names} get it when they are there`;
  const but = away.length > 0 ? styleText('yellow', `; ${gets}`) : '';
  switch (outcome) {
    case 'started':
      return (
        styleText('green', `all daemons run${came ? ` in ${some(came)}` : ''}`) +
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
