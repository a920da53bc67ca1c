import { styleText } from 'node:util';
import type { Command } from 'commander';
import type { DaemonResult, DaemonsOptions } from '../lab/daemons.ts';
import type { DaemonStatus } from '../lab/daemon-status.ts';
import type { LabSpec } from '../lab-file/spec.ts';
import { SkerryErrors } from '../util/errors.ts';
import { formatMiB, formatSeconds } from './amounts.ts';
import { interruptible, labOf, printJson, withExample, withJson, withLab } from './common.ts';
import { defineLogs } from './daemons-logs.ts';
import { type DaemonFlags, meant } from './daemons-meant.ts';
import { formatTable } from './table.ts';

type Work = (lab: LabSpec, options: DaemonsOptions) => Promise<DaemonResult[]>;

export function define(command: Command): void {
  const sub = (name: string, description: string): Command =>
    withJson(withLab(command.command(name).description(description)))
      .argument('[daemon...]', 'names or /regular expressions/ (default: all)')
      .option('--on <machines>', 'names or /regular expressions/, with commas (default: all)');
  withExample(
    sub(
      'start',
      'Start daemons, and those they depend on; what runs unchanged is left alone.',
    ).action(runStart),
    '$ skerry daemons start',
    "$ skerry daemons start api --on '/agent_.+/'",
  );
  withExample(
    sub('stop', 'Stop daemons; without names also those that left the lab file.').action(runStop),
    '$ skerry daemons stop api',
  );
  withExample(
    sub('restart', 'Restart daemons, in the order they depend on each other.').action(runRestart),
    '$ skerry daemons restart api',
  );
  withExample(
    sub('status', 'Show how daemons fare in each machine.').action(runStatus),
    '$ skerry daemons status',
    '$ skerry daemons status --json | jq -r .[].state',
  );
  defineLogs(sub('logs', 'Print what daemons wrote, of all machines in the order of time.'));
  withExample(command, '$ skerry daemons start', '$ skerry daemons logs -f --since 5m');
}

async function runStart(args: string[], flags: DaemonFlags): Promise<void> {
  const { startDaemons } = await import('../lab/daemons.ts');
  await change(args, flags, startDaemons);
}

async function runRestart(args: string[], flags: DaemonFlags): Promise<void> {
  const { restartDaemons } = await import('../lab/daemons.ts');
  await change(args, flags, restartDaemons);
}

async function runStop(args: string[], flags: DaemonFlags): Promise<void> {
  const { stopDaemons } = await import('../lab/daemons.ts');
  const isWithOthers = args.length === 0;
  await change(args, flags, (lab, options) => stopDaemons(lab, { ...options, isWithOthers }));
}

async function change(args: string[], flags: DaemonFlags, work: Work): Promise<void> {
  const signal = interruptible('what was begun in the machines goes on: skerry daemons status');
  const lab = await labOf(flags);
  const results = await work(lab, {
    ...(await meant(lab, args, flags)),
    signal,
    onResult: (result) => {
      if (!flags.json && !result.error) console.log(formatResult(result));
    },
    onWait: (daemon, machine, detail, leftMs) => {
      const left = `${Math.ceil(leftMs / 1000)} s left`;
      process.stderr.write(`${daemon} on ${machine}: ${detail}, ${left}\n`);
    },
  });
  process.exitCode = Math.max(0, ...results.map(({ error }) => error?.exitCode ?? 0));
  if (flags.json) {
    printJson(
      results.map(({ error, ...rest }) => ({ ...rest, ...(error && { error: error.toJSON() }) })),
    );
    return;
  }
  const { printError } = await import('./print-error.ts');
  const errors = results.flatMap(({ error }) => error ?? []);
  if (errors.length > 0) printError(new SkerryErrors(errors), { json: false, debug: false });
}

function formatResult({ daemon, machine, how, durationMs }: DaemonResult): string {
  const name = `${styleText('bold', daemon)} on ${machine}`;
  const took = styleText('dim', `in ${formatSeconds(durationMs)}`);
  switch (how) {
    case 'started':
    case 'restarted':
      return `${name}: ${how}, ready ${took}`;
    case 'changed':
      return `${name}: restarted, for its definition has changed; ready ${took}`;
    case 'stale':
      return `${name}: restarted, for it was older than its files; ready ${took}`;
    case 'kept':
      return `${name}: ${styleText('dim', 'runs already')}`;
    case 'stopped':
      return `${name}: stopped ${took}`;
    case 'off':
    case 'none':
      return `${name}: ${styleText('dim', 'did not run')}`;
    default:
      return how satisfies never;
  }
}

async function runStatus(args: string[], flags: DaemonFlags): Promise<void> {
  const signal = interruptible();
  const lab = await labOf(flags);
  const { daemonStatus } = await import('../lab/daemon-status.ts');
  const isWithOthers = args.length === 0;
  const rows = await daemonStatus(lab, {
    ...(await meant(lab, args, flags)),
    signal,
    isWithOthers,
  });
  if (flags.json) printJson(rows);
  else console.log(formatStatus(rows));
}

function formatStatus(rows: readonly DaemonStatus[]): string {
  const none = styleText('dim', '-');
  const head = ['DAEMON', 'MACHINE', 'STATE', 'PID', 'SINCE', 'RESTARTS', 'MEMORY'];
  return formatTable(
    head,
    rows.map((row) => [
      row.daemon + (row.orphan ? styleText('yellow', ' (not in the file)') : ''),
      row.machine,
      paint(row) + (row.changed ? styleText('yellow', ', changed definition') : ''),
      row.pid === undefined ? none : String(row.pid),
      row.sinceMs === undefined ? none : localTime(row.sinceMs),
      row.restarts === undefined ? none : String(row.restarts),
      row.memoryBytes === undefined ? none : formatMiB(row.memoryBytes),
    ]),
  );
}

function paint({ state, lastExit }: DaemonStatus): string {
  const text =
    lastExit !== undefined && (state === 'failed' || state === 'restarting')
      ? `${state} (${lastExit})`
      : state;
  if (state === 'running') return styleText('green', text);
  if (state === 'failed' || state === 'missing') return styleText('red', text);
  if (state === 'stopped' || state === 'off') return styleText('dim', text);
  return styleText('yellow', text);
}

/** `2026-11-25 03:14:22`, by this host's clock. */
function localTime(ms: number): string {
  const date = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000);
  return date.toISOString().slice(0, 19).replace('T', ' ');
}
