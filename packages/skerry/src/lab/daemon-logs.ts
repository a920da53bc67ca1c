// What daemons wrote, from the journals of their machines: in the order of time, and as it comes.
import { setTimeout as sleep } from 'node:timers/promises';
import {
  journalCommand,
  type JournalQuery,
  type LogEntry,
  LineReader,
  parseEntry,
} from '../daemon/journal.ts';
import { LiveMerge, mergeEntries } from '../daemon/merge-logs.ts';
import { daemonTargets } from '../daemon/order.ts';
import { ownUnit, unitOf } from '../daemon/unit.ts';
import { execInGuest } from '../guest/exec.ts';
import { openGuest } from '../sandbox/gateway.ts';
import { nobodyListens } from '../util/nobody-listens.ts';
import { SkerryError } from '../util/errors.ts';
import { labPaths } from '../util/paths.ts';
import type { LabSpec } from '../lab-file/spec.ts';
import { machineError } from './daemon-channel.ts';

export interface DaemonLogOptions {
  readonly daemons: readonly string[];
  readonly machines?: readonly string[] | undefined;
  /** The last entries only; undefined: all. */
  readonly lines?: number | undefined;
  readonly sinceMs?: number | undefined;
  readonly untilMs?: number | undefined;
  /** Of what systemd says of daemons only how they failed. */
  readonly isBrief?: boolean | undefined;
  /** Only what matches. */
  readonly grep?: RegExp | undefined;
  /** Goes on until `signal` fires or the lab ends. */
  readonly follow?: boolean | undefined;
  readonly signal: AbortSignal;
  /** The machines wait while the promise is open. */
  readonly onEntries: (entries: readonly LogEntry[]) => void | Promise<unknown>;
  /** A machine whose journal cannot be read now, and why. */
  readonly onMissing?: ((error: SkerryError) => void) | undefined;
}

const SILENCE_MS = 10_000;
/** How long what comes live is held back, for machines that are a little later. */
const HOLD_MS = 60;
const RETRY_MS = 500;
/** So that nothing is lost between the look back and the first live entry. */
const OVERLAP_MS = 2000;
/** How many entries are known again when a machine is asked for them twice. */
const REMEMBERED = 2000;

interface Source {
  readonly machine: string;
  readonly daemonByUnit: ReadonlyMap<string, string>;
  /** Cursors of what was passed on. */
  readonly seen: Set<string>;
  lastUs: number;
}

/** @throws LAB_OFF */
export async function daemonLogs(lab: LabSpec, options: DaemonLogOptions): Promise<void> {
  const { signal, follow, lines, grep, onEntries, sinceMs, untilMs, isBrief } = options;
  const fromUs = (Date.now() - OVERLAP_MS) * 1000;
  const sources = sourcesOf(lab, options, fromUs);
  const query = {
    ...{ sinceUs: inUs(sinceMs), untilUs: inUs(untilMs), isBrief },
    lines: grep ? undefined : lines,
  };
  const past = await Promise.all(
    sources.map(async (source) => {
      const entries: LogEntry[] = [];
      try {
        await read(lab, source, query, signal, (entry) => void entries.push(entry));
      } catch (error) {
        signal.throwIfAborted();
        // @throws LAB_OFF
        options.onMissing?.(machineError(lab, source.machine, error));
      }
      return entries.filter((entry) => matches(entry, grep));
    }),
  );
  const merged = mergeEntries(past);
  const shown = lines === undefined ? merged : lines === 0 ? [] : merged.slice(-lines);
  if (shown.length > 0) await onEntries(shown);
  if (follow) await followAll(lab, sources, options);
}

function sourcesOf(lab: LabSpec, options: DaemonLogOptions, fromUs: number): Source[] {
  const byMachine = new Map<string, Map<string, string>>();
  for (const { spec, machines } of daemonTargets(
    lab.daemons,
    options.daemons,
    options.machines,
    false,
  ))
    for (const machine of machines) {
      const units = byMachine.get(machine) ?? new Map<string, string>();
      byMachine.set(machine, units);
      // It may have been a command of ours before it became a unit.
      for (const unit of [unitOf(spec), ownUnit(spec.name)]) units.set(unit, spec.name);
    }
  return [...byMachine].map(([machine, daemonByUnit]) => ({
    ...{ machine, daemonByUnit, seen: new Set<string>(), lastUs: fromUs },
  }));
}

async function followAll(
  lab: LabSpec,
  sources: readonly Source[],
  { signal, grep, onEntries, isBrief }: DaemonLogOptions,
): Promise<void> {
  let taken: void | Promise<unknown> = undefined;
  const merge = new LiveMerge(sources.length > 1 ? HOLD_MS : 0, (entries) => {
    taken = onEntries(entries);
  });
  const take = (entry: LogEntry): void | Promise<unknown> => {
    if (matches(entry, grep)) merge.push(entry);
    return taken;
  };
  await Promise.all(sources.map((source) => followOne(lab, source, { signal, isBrief }, take)));
  merge.flush();
}

/** Goes on from where it was when the machine comes back; ends with the lab. */
async function followOne(
  lab: LabSpec,
  source: Source,
  { signal, isBrief }: Pick<DaemonLogOptions, 'signal' | 'isBrief'>,
  take: (entry: LogEntry) => void | Promise<unknown>,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await read(lab, source, { sinceUs: source.lastUs, follow: true, isBrief }, signal, take);
    } catch (error) {
      if (signal.aborted || nobodyListens(error)) return;
      if (!(error instanceof SkerryError)) throw error;
    }
    await sleep(RETRY_MS, undefined, { signal }).catch(() => {});
  }
}

/** Reads a machine's journal once; what was passed on before is left out. */
async function read(
  lab: LabSpec,
  source: Source,
  query: Omit<JournalQuery, 'units'>,
  signal: AbortSignal,
  take: (entry: LogEntry) => void | Promise<unknown>,
): Promise<void> {
  const { machine, daemonByUnit, seen } = source;
  const { gatewaySocket } = labPaths(lab);
  const channel = await openGuest(gatewaySocket, machine, { signal, timeoutMs: SILENCE_MS });
  const lines = new LineReader();
  let errors = '';
  const { exitCode } = await execInGuest(
    channel,
    journalCommand({ ...query, units: [...daemonByUnit.keys()] }),
    {
      signal,
      onOutput: (stream, data) => {
        if (stream === 'stderr') {
          errors += data.toString('utf8');
          return undefined;
        }
        let taken: void | Promise<unknown> = undefined;
        for (const line of lines.push(data)) {
          const entry = parseEntry(line, machine, daemonByUnit);
          if (!entry || seen.has(entry.cursor)) continue;
          remember(source, entry);
          taken = take(entry);
        }
        return taken;
      },
    },
  );
  if (exitCode !== 0 && errors.trim() !== '')
    throw new SkerryError('EXEC_FAILED', { data: { machine, reason: errors.trim() } });
}

function remember(source: Source, { cursor, atUs }: LogEntry): void {
  const { seen } = source;
  seen.add(cursor);
  if (seen.size > REMEMBERED) for (const first of seen) if (seen.delete(first)) break;
  source.lastUs = atUs;
}

function matches({ message }: LogEntry, grep: RegExp | undefined): boolean {
  return !grep || grep.test(message.toString('utf8'));
}

function inUs(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms * 1000);
}
