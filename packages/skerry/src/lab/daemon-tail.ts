import { journalCommand, LineReader, parseEntry } from '../daemon/journal.ts';
import { execInGuest, type GuestChannel } from '../guest/exec.ts';

const LINES = 10;
/** Of the entries asked for: systemd's own words are left out, and machines' clocks may be a little off. */
const ENTRIES = 30;
const EARLIER_MS = 200;
const TAIL_MS = 30_000;

/** The last lines that a unit itself wrote, between two moments if they are given. */
export async function lastLinesOf(
  channel: GuestChannel,
  unit: string,
  within: { readonly sinceMs: number; readonly untilMs: number } | undefined,
  signal: AbortSignal,
): Promise<string[]> {
  const lines = new LineReader();
  const names = new Map([[unit, unit]]);
  const said: string[] = [];
  const query = {
    ...{ units: [unit], lines: ENTRIES },
    ...(within && {
      sinceUs: (within.sinceMs - EARLIER_MS) * 1000,
      untilUs: within.untilMs * 1000,
    }),
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
