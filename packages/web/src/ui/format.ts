// Numbers and times in words. Pure.

/** @example formatAgo(Date.now() - 61_000) // '1 min ago' */
export function formatAgo(at: number, now = Date.now()): string {
  const seconds = Math.floor((now - at) / 1000);
  return seconds < 5 ? 'just now' : `${formatSpan(seconds)} ago`;
}

/** @example formatSpan(7300) // '2 h' */
export function formatSpan(seconds: number): string {
  if (seconds < 60) return `${Math.max(0, Math.floor(seconds))} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  const days = Math.floor(seconds / 86_400);
  return `${days} day${days === 1 ? '' : 's'}`;
}

/** @example formatMiB(1536) // '1.5 GiB' */
export function formatMiB(mib: number): string {
  if (mib < 1024) return `${Math.round(mib)} MiB`;
  return `${trim(mib / 1024)} GiB`;
}

/** @example formatBytes(2048) // '2 KiB' */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${trim(value)} ${units[unit]}`;
}

export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`;
}

/** @example count(2, 'machine') // '2 machines' */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return ms < 60_000 ? `${trim(ms / 1000)} s` : formatSpan(ms / 1000);
}

function trim(value: number): string {
  return String(Number(value.toFixed(value < 10 ? 1 : 0)));
}
