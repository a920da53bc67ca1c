import { journalCommand, LineReader, parseEntry } from '../daemon/journal.ts';
import { execInGuest, type GuestChannel } from '../guest/exec.ts';

const LINES = 10;
/** Of the entries asked for: systemd's own words are left out. */
const ENTRIES = 30;
const TAIL_MS = 30_000;

/** Moments by the machine's clock: Unix time in microseconds. */
export interface Moments {
  readonly sinceUs: number;
  readonly untilUs: number;
}

/** The last lines that a unit itself wrote, between two moments if they are given. */
export async function lastLinesOf(
  channel: GuestChannel,
  unit: string,
  within: Moments | undefined,
  signal: AbortSignal,
): Promise<string[]> {
  const lines = new LineReader();
  const names = new Map([[unit, unit]]);
  const said: string[] = [];
  const query = {
    ...{ units: [unit], lines: ENTRIES },
    ...within,
  };
  await execInGuest(channel, journalCommand(query), {
    signal: AbortSignal.any([signal, AbortSignal.timeout(TAIL_MS)]),
    onOutput: (stream, data) => {
      if (stream === 'stderr') return;
      for (const line of lines.push(data)) {
        const entry = parseEntry(line, channel.machine, names);
        if (entry && !entry.bySystemd) said.push(...entry.message.toString('utf8').split('\n'));
      }
    },
  });
  return said.slice(-LINES);
}
