const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const AGO = /^(\d+(?:\.\d+)?)\s*(ms|s|min|m|h|d)(?:\s+ago)?$/;
const CLOCK = /^\d{1,2}:\d{2}(?::\d{2})?$/;

/**
 * A moment as people write it, as Unix time in milliseconds: `10m` (ago), `14:05` (today), `2026-11-25 14:05:00` (this host's
 * time) or ISO 8601. Undefined when it is none.
 */
export function parseMoment(text: string, nowMs: number): number | undefined {
  const trimmed = text.trim();
  const [, amount, unit = ''] = AGO.exec(trimmed) ?? [];
  if (amount !== undefined) return nowMs - Number(amount) * (UNIT_MS[unit] ?? 0);
  if (trimmed === 'now') return nowMs;
  if (CLOCK.test(trimmed)) {
    const [hours = 0, minutes = 0, seconds = 0] = trimmed.split(':').map(Number);
    if (hours > 23 || minutes > 59 || seconds > 59) return undefined;
    return new Date(nowMs).setHours(hours, minutes, seconds, 0);
  }
  if (!/^\d{4}-\d{2}-\d{2}/.test(trimmed)) return undefined;
  // Without a time, a date alone would be midnight in UTC.
  const parsed = Date.parse(trimmed.length === 10 ? `${trimmed}T00:00` : trimmed.replace(' ', 'T'));
  return Number.isNaN(parsed) ? undefined : parsed;
}
