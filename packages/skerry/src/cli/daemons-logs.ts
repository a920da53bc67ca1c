import { once } from 'node:events';
import type { Command } from 'commander';
import { SkerryError } from '../util/errors.ts';
import { interruptible, labOf, untilInterrupted, withExample } from './common.ts';
import { type DaemonFlags, meant } from './daemons-meant.ts';
import { formatJson, logFormatter } from './format-log.ts';

interface LogFlags extends DaemonFlags {
  readonly lines?: string;
  readonly follow?: boolean;
  readonly since?: string;
  readonly until?: string;
  readonly grep?: string;
  readonly systemd?: boolean;
}

const LINES = 40;

export function defineLogs(command: Command): void {
  command
    .option(
      '-n, --lines <count>',
      `how many of the last entries, or all (default: ${LINES}; with --since all)`,
    )
    .option('-f, --follow', 'go on printing what is added, also when machines are started anew')
    .option('--since <time>', 'from then on: 10m (ago), 14:05, 2026-11-25 14:05')
    .option('--until <time>', 'up to then')
    .option('--systemd', 'also what systemd says of them when all is well')
    .option('--grep <regex>', 'only what matches, a JavaScript regular expression')
    .action(run);
  withExample(
    command,
    '$ skerry daemons logs -f',
    '$ skerry daemons logs api --on agent_1 --since 10m --grep "error|warn"',
    '$ skerry daemons logs --json | jq -r .message',
  );
  command.addHelpText(
    'after',
    '\nWith --json each entry is an object on a line of its own, those of systemd among them.',
  );
}

async function run(args: string[], flags: LogFlags): Promise<void> {
  const { lines, sinceMs, untilMs, grep } = await parseFlags(flags);
  const signal = interruptible();
  const lab = await labOf(flags);
  const { daemonLogs } = await import('../lab/daemon-logs.ts');
  const { daemons, machines } = await meant(lab, args, flags);
  const format = flags.json ? formatJson : logFormatter(lab, daemons, machines);
  const { printError } = await import('./print-error.ts');
  const read = (): Promise<void> =>
    daemonLogs(lab, {
      ...{ daemons, machines, lines, sinceMs, untilMs, grep, signal },
      follow: flags.follow,
      isBrief: !flags.json && !flags.systemd,
      onEntries: (entries) => {
        const text = entries.map((entry) => format(entry)).join('');
        return process.stdout.write(text) ? undefined : once(process.stdout, 'drain');
      },
      onMissing: (error) => {
        if (error.code === 'MACHINE_OFF' && flags.follow) return;
        const code = printError(error, { json: false, debug: false });
        process.exitCode = Math.max(Number(process.exitCode ?? 0), code);
      },
    });
  await (flags.follow ? untilInterrupted(signal, read) : read());
}

async function parseFlags(flags: LogFlags): Promise<{
  lines: number | undefined;
  sinceMs: number | undefined;
  untilMs: number | undefined;
  grep: RegExp | undefined;
}> {
  const { parseMoment } = await import('../daemon/moment.ts');
  const moment = (option: string, text: string | undefined): number | undefined => {
    if (text === undefined) return undefined;
    const ms = parseMoment(text, Date.now());
    if (ms === undefined)
      throw usage(
        `${option} takes a time such as 10m (ago), 14:05 or '2026-11-25 14:05', not '${text}'`,
      );
    return ms;
  };
  const sinceMs = moment('--since', flags.since);
  const untilMs = moment('--until', flags.until);
  if (flags.follow && untilMs !== undefined)
    throw usage('--follow has no end, so --until cannot be');
  const fallback = sinceMs === undefined ? LINES : undefined;
  const lines =
    flags.lines === undefined ? fallback : flags.lines === 'all' ? undefined : Number(flags.lines);
  if (lines !== undefined && (!Number.isInteger(lines) || lines < 0))
    throw usage(`--lines takes a whole number or all, not '${flags.lines}'`);
  return { lines, sinceMs, untilMs, grep: regexOf(flags.grep) };
}

function regexOf(source: string | undefined): RegExp | undefined {
  try {
    return source === undefined ? undefined : new RegExp(source, 'u');
  } catch (error) {
    throw usage(
      `--grep takes a regular expression: ${error instanceof Error ? error.message : ''}`,
    );
  }
}

function usage(detail: string): SkerryError {
  return new SkerryError('USAGE', { data: { detail, command: 'skerry daemons logs' } });
}
