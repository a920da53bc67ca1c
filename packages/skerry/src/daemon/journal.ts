// Reading what daemons wrote: journalctl(1) in the machine, its JSON here.

/** One entry of a machine's journal. */
export interface LogEntry {
  readonly machine: string;
  readonly daemon: string;
  /** Unix time in microseconds, by the machine's clock. */
  readonly atUs: number;
  readonly pid: number | undefined;
  /** 0 (emergency) to 7 (debug), syslog(3). */
  readonly priority: number;
  /** As it is; may have several lines. */
  readonly message: Buffer;
  /** systemd speaks of the daemon, rather than the daemon itself. */
  readonly bySystemd: boolean;
  /** Names it in this machine's journal. */
  readonly cursor: string;
}

export interface JournalQuery {
  readonly units: readonly string[];
  /** The last ones only; undefined: all. */
  readonly lines?: number | undefined;
  readonly sinceUs?: number | undefined;
  readonly untilUs?: number | undefined;
  readonly follow?: boolean | undefined;
  /** Of what systemd says of the units only what is not as it should be. */
  readonly isBrief?: boolean | undefined;
}

/** systemd says that a unit started, stopped or will be started again at 6; how it failed at 5 and less. syslog(3) */
const BAD = [0, 1, 2, 3, 4, 5];

const FIELDS = 'MESSAGE,PRIORITY,_PID,_SYSTEMD_UNIT,UNIT';

/**
 * The command that prints it, one JSON object a line. `--merge`: a thawed machine's journal has the name of its template for
 * a while. `--all`: what is longer than 4 KiB, too.
 */
export function journalCommand(query: JournalQuery): string[] {
  const { units, lines, sinceUs, untilUs, follow, isBrief } = query;
  return [
    'journalctl',
    ...['--merge', '--quiet', '--no-pager', '--all', '--output=json', `--output-fields=${FIELDS}`],
    ...(isBrief ? [] : units.flatMap((unit) => ['--unit', unit])),
    `--lines=${lines ?? 'all'}`,
    ...(sinceUs === undefined ? [] : [`--since=${formatMoment(sinceUs)}`]),
    ...(untilUs === undefined ? [] : [`--until=${formatMoment(untilUs)}`]),
    ...(follow ? ['--follow'] : []),
    ...(isBrief ? briefMatches(units) : []),
  ];
}

/** What a unit writes, or systemd says of it: several values of one field are alternatives, `+` is between the two. */
function briefMatches(units: readonly string[]): string[] {
  return [
    ...units.map((unit) => `_SYSTEMD_UNIT=${unit}`),
    '+',
    ...units.map((unit) => `UNIT=${unit}`),
    ...['_PID=1', ...BAD.map((priority) => `PRIORITY=${priority}`)],
  ];
}

function formatMoment(us: number): string {
  return `@${Math.floor(us / 1e6)}.${String(us % 1e6).padStart(6, '0')}`;
}

/** Reads a line of journalctl's; undefined of what is no entry of these daemons. */
export function parseEntry(
  line: string,
  machine: string,
  daemonByUnit: ReadonlyMap<string, string>,
): LogEntry | undefined {
  let fields: Readonly<Record<string, unknown>>;
  try {
    fields = JSON.parse(line) as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
  const about = daemonByUnit.get(String(fields.UNIT));
  const daemon = about ?? daemonByUnit.get(String(fields._SYSTEMD_UNIT));
  if (daemon === undefined) return undefined;
  return {
    machine,
    daemon,
    atUs: Number(fields.__REALTIME_TIMESTAMP),
    pid: fields._PID === undefined ? undefined : Number(fields._PID),
    priority: Number(fields.PRIORITY ?? 6),
    message: bytesOf(fields.MESSAGE),
    bySystemd: about !== undefined,
    cursor: String(fields.__CURSOR),
  };
}

/** A text; a list of numbers where it is not UTF-8; a list of these where an entry has several. */
function bytesOf(value: unknown): Buffer {
  if (typeof value === 'string') return Buffer.from(value);
  if (!Array.isArray(value)) return Buffer.alloc(0);
  if (value.every((each) => typeof each === 'number')) return Buffer.from(value);
  return Buffer.concat(
    value.flatMap((each, at) => [...(at ? [Buffer.from('\n')] : []), bytesOf(each)]),
  );
}

/** Cuts a stream of bytes into lines. */
export class LineReader {
  #rest: Buffer = Buffer.alloc(0);

  /** The lines that are whole with `chunk`. */
  push(chunk: Buffer): string[] {
    const end = chunk.lastIndexOf(10);
    if (end === -1) {
      this.#rest = Buffer.concat([this.#rest, chunk]);
      return [];
    }
    const whole = Buffer.concat([this.#rest, chunk.subarray(0, end)]).toString('utf8');
    this.#rest = Buffer.from(chunk.subarray(end + 1));
    return whole.split('\n');
  }
}
