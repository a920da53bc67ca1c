import { styleText } from 'node:util';
import type { Timing } from '../lab/progress.ts';
import { formatTable } from './table.ts';

const WIDTH = 40;
/** Who waited for less has not waited. */
const WAITED_MS = 10;

interface Timed {
  readonly timings: readonly Timing[];
  readonly elapsedMs: number;
}

/** A waterfall: one row a phase, a bar where it lay in the whole. */
export function formatTimings({ timings, elapsedMs }: Timed): string {
  const scale = WIDTH / Math.max(elapsedMs, 1);
  const rows = timings
    .filter(({ phase, durationMs }) => phase !== 'wait' || durationMs >= WAITED_MS)
    .sort((a, b) => (a.machine ?? '').localeCompare(b.machine ?? '') || a.startMs - b.startMs)
    .map(({ machine, phase, subject, startMs, durationMs }) => {
      const from = Math.min(Math.floor(startMs * scale), WIDTH - 1);
      const length = Math.max(1, Math.round(durationMs * scale));
      return [
        machine ?? 'lab',
        subject === undefined ? phase : `${phase} ${subject}`,
        `${durationMs} ms`,
        ' '.repeat(from) + styleText('cyan', '█'.repeat(length)),
      ];
    });
  return `\n${formatTable(['WHERE', 'PHASE', 'TOOK', `0 .. ${(elapsedMs / 1000).toFixed(1)} s`], rows)}`;
}
