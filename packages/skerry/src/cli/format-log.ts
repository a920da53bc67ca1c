import { styleText } from 'node:util';
import type { LogEntry } from '../daemon/journal.ts';
import type { LabSpec } from '../lab-file/spec.ts';
import { stripControls } from '../machine/console-log.ts';
import { COLOURS } from './exec-output.ts';

/** Each line of an entry after its time, its machine in that one's colour, and its daemon. */
export function logFormatter(
  lab: Pick<LabSpec, 'machines' | 'daemons'>,
  daemons: readonly string[],
  machines: readonly string[] | undefined,
): (entry: LogEntry) => string {
  const shown = lab.daemons.filter(({ name }) => daemons.includes(name));
  const names = lab.machines
    .map(({ name }) => name)
    .filter(
      (name) => shown.some(({ on }) => on.includes(name)) && (!machines || machines.includes(name)),
    );
  const width = Math.max(...names.map((name) => name.length));
  const wide = Math.max(...daemons.map((name) => name.length));
  return ({ machine, daemon, atUs, message, bySystemd }) => {
    const colour = COLOURS[names.indexOf(machine) % COLOURS.length] ?? 'cyan';
    const time = styleText('dim', formatClock(atUs / 1000, Date.now()));
    const prefix = `${time} ${styleText(colour, machine.padEnd(width))} ${daemon.padEnd(wide)} | `;
    return message
      .toString('utf8')
      .replace(/\n$/, '')
      .split('\n')
      .map((line) => stripControls(line))
      .map((line) => `${prefix}${bySystemd ? styleText('dim', line) : line}\n`)
      .join('');
  };
}

/** A moment by this host's clock: `14:05:03`, with the date where it is another day. */
export function formatClock(ms: number, nowMs: number): string {
  const [date, time] = localParts(ms);
  return date === localParts(nowMs)[0] ? time : `${date} ${time}`;
}

function localParts(ms: number): [string, string] {
  const date = new Date(ms);
  const local = new Date(ms - date.getTimezoneOffset() * 60_000).toISOString();
  return [local.slice(0, 10), local.slice(11, 19)];
}

/** An entry for programs: one line. */
export function formatJson(entry: LogEntry): string {
  const { machine, daemon, atUs, pid, priority, message, bySystemd } = entry;
  const text = message.toString('utf8');
  const isText = Buffer.from(text).equals(message);
  return `${JSON.stringify({
    ...{ machine, daemon, time: new Date(atUs / 1000).toISOString(), atUs, pid, priority },
    source: bySystemd ? 'systemd' : 'daemon',
    message: text,
    // What is not UTF-8 is lost in a text.
    ...(!isText && { messageBase64: message.toString('base64') }),
  })}\n`;
}
