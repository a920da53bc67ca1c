/** What a changelog says of one commit. */
export interface LogEntry {
  readonly id: string;
  readonly parents: readonly string[];
  readonly author: string;
  /** When it was written, in seconds since 1970. */
  readonly seconds: number;
  /** Its first paragraph on one line (git-log(1) `%s`), at most 500 characters. */
  readonly subject: string;
}

const FIELDS = 5;
const MAX_SUBJECT = 500;

/** Arguments of a git log that parseLog reads. The user's settings for logs do not count. */
export const LOG_ARGS = [
  ...['-c', 'log.showSignature=false', '-c', 'i18n.logOutputEncoding=UTF-8'],
  ...['log', '--no-color', '--no-decorate', '--no-notes', '--no-show-signature', '-z'],
  '--format=tformat:%H%x00%P%x00%an%x00%at%x00%s',
] as const;

/** Reads the output of a git log with LOG_ARGS; newest first. */
export function parseLog(out: Uint8Array): LogEntry[] {
  const fields = splitNul(out);
  const entries: LogEntry[] = [];
  for (let at = 0; at + FIELDS <= fields.length; at += FIELDS)
    entries.push(toEntry(fields.slice(at, at + FIELDS)));
  return entries;
}

/** The entry of the five fields of the format. */
export function toEntry([id, parents, author, seconds, subject]: readonly Uint8Array[]): LogEntry {
  return {
    id: decodeText(id),
    parents: decodeText(parents).split(' ').filter(Boolean),
    author: decodeText(author),
    seconds: Number(decodeText(seconds)) || 0,
    subject: shorten(decodeText(subject)),
  };
}

/**
 * Text of a commit: UTF-8, and where it is not, one character a byte (ISO 8859-1). Old commits do not say their encoding,
 * and a wrong letter is better than a lost name.
 */
export function decodeText(bytes: Uint8Array = new Uint8Array()): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return Buffer.from(bytes).toString('latin1');
  }
}

/** ISO 8601 in UTC; undefined for a time that no calendar has. */
export function isoTime(seconds: number): string | undefined {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString().replace('.000Z', 'Z');
}

/** What stands between zero bytes; nothing after the last one. */
export function splitNul(bytes: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let from = 0;
  for (let end = bytes.indexOf(0); end >= 0; end = bytes.indexOf(0, from)) {
    parts.push(bytes.subarray(from, end));
    from = end + 1;
  }
  if (from < bytes.length) parts.push(bytes.subarray(from));
  return parts;
}

function shorten(text: string): string {
  if (text.length <= MAX_SUBJECT) return text;
  // Not in the middle of a character of two units.
  return `${text.slice(0, MAX_SUBJECT).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
