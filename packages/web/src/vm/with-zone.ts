/**
 * A time without a zone is one of whoever typed it: its offset is added, or central would read it in its own zone. Cron is
 * left as it is.
 *
 * @example
 * withZone('2027-01-31T03:00'); // '2027-01-31T03:00+01:00' in Berlin
 */
export function withZone(at: string): string {
  const text = at.trim();
  if (!/^\d{4}-\d\d-\d\dT[\d:.]+$/.test(text)) return text;
  const minutes = -new Date(text).getTimezoneOffset();
  // What is no time stays as it is, and central says so.
  if (Number.isNaN(minutes)) return text;
  const two = (number: number): string => String(Math.trunc(number)).padStart(2, '0');
  const east = Math.abs(minutes);
  return `${text}${minutes < 0 ? '-' : '+'}${two(east / 60)}:${two(east % 60)}`;
}

/** The browser's zone, as people call it. */
export const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;
