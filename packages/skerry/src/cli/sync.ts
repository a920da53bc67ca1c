import { join, resolve } from 'node:path';
import { styleText } from 'node:util';
import type { Command } from 'commander';
import type { LabSpec } from '../lab-file/spec.ts';
import type { TreeSpec } from '../lab-file/spec-sync.ts';
import type { LiveEvent, LiveStatus, TreePlace } from '../lab/live-protocol.ts';
import { treeName } from '../lab/tree-name.ts';
import type { CheckResult, SyncResult } from '../lab/sync.ts';
import type { Progress } from '../lab/progress.ts';
import { SkerryError } from '../util/errors.ts';
import { formatBytes, formatSeconds } from './amounts.ts';
import {
  type CommonOptions,
  interruptible,
  labelOf,
  labOf,
  printJson,
  untilInterrupted,
  withExample,
  withJson,
  withLab,
} from './common.ts';
import { some } from './some.ts';
import { formatTable } from './table.ts';
import { type Away, awayWords, stateWords } from './tree-state.ts';
import { ownOutputs, realPathOf } from '../util/own-outputs.ts';

interface Options extends CommonOptions {
  readonly watch?: boolean;
  readonly check?: boolean;
  readonly stop?: boolean;
  readonly into?: string;
}

const FLUSH_MS = 600_000;

export function define(command: Command): void {
  withJson(withLab(command))
    .argument('[machines...]', 'names or /regular expressions/ (default: all that have a tree)')
    .option('-w, --watch', 'keep them up to date, and show each change')
    .option('--check', 'compare by content, and change nothing; exit code 1 where they differ')
    .option(
      '--into <folder>',
      'bring what machines made into this folder, not into those of the lab',
    )
    .option('--stop', 'do not keep them up to date any more, until the next up or sync --watch')
    .action(run);
  withExample(
    command,
    '$ skerry sync',
    '$ skerry sync --watch',
    '$ skerry sync --check agent_1 --json',
    '$ skerry sync --lab try1 --into /tmp/try1',
  );
  command.addHelpText(
    'after',
    '\nAfter `skerry up` changes go to the machines by themselves; this waits until they are there.',
  );
}

async function run(names: string[], options: Options): Promise<void> {
  refuseContradictions(options);
  const signal = interruptible('no file is left half done; skerry sync goes on from there');
  const lab = await labOf(options);
  const { labPaths } = await import('../util/paths.ts');
  const { machineNames } = await import('../lab-file/select.ts');
  const control = await import('../lab/live-control.ts');
  const paths = labPaths(lab);
  const trees = lab.trees.filter(({ mode }) => mode !== 'share');
  const machines =
    names.length > 0
      ? machineNames(lab, names)
      : lab.machines
          .map(({ name }) => name)
          .filter((name) => trees.some(({ on }) => on.includes(name)));
  if (!trees.some(({ on }) => on.some((machine) => machines.includes(machine)))) {
    const where = names.length > 0 ? ` in ${machines.join(', ')}` : '';
    throw new SkerryError('SYNC_NONE', { data: { lab: lab.name, where } });
  }
  if (options.stop) {
    const stopped = await control.stopLive(paths);
    if (options.json) printJson({ stopped });
    else console.log(stopped ? 'Changes stay here from now on.' : 'Nothing kept them up to date.');
  } else if (options.watch)
    await untilInterrupted(signal, () => watch(lab, machines, signal, options));
  else if (options.check) {
    const { checkLab } = await import('../lab/sync.ts');
    const { pulledTrees } = await import('../lab/pull-trees.ts');
    const left = pulledTrees(lab).filter(({ on }) => on.some((name) => machines.includes(name)));
    const checks = await checkLab(lab, { machines, signal });
    reportChecks(withHeld(checks, await control.liveStatus(paths)), left, options);
  } else {
    const { withTriggers } = await import('../lab/triggers.ts');
    const { Progress } = await import('../lab/progress.ts');
    const { progressView } = await import('./progress-view.ts');
    const view = progressView();
    const progress = new Progress(view.onProgress);
    const about = { progress, signal, machines: names.length > 0 ? machines : [] };
    await withTriggers(lab, 'sync', about, () =>
      bring(lab, machines, { ...options, progress, signal }),
    ).finally(view.end);
  }
}

/** What each of them does leaves no room for the others. @throws USAGE */
export function refuseContradictions({
  check,
  stop,
  watch: isWatch,
  into,
}: Pick<Options, 'check' | 'stop' | 'watch' | 'into'>): void {
  const given = [
    ...(isWatch ? ['--watch'] : []),
    ...(check ? ['--check'] : []),
    ...(stop ? ['--stop'] : []),
    ...(into === undefined ? [] : ['--into']),
  ];
  if (given.length < 2) return;
  const detail = `${given.join(' and ')} do not go together: one at a time`;
  throw new SkerryError('USAGE', { data: { detail, command: 'skerry sync' } });
}

async function bring(
  lab: LabSpec,
  machines: readonly string[],
  options: Options & { readonly progress: Progress; readonly signal: AbortSignal },
): Promise<void> {
  const { progress, signal } = options;
  const { tellLive } = await import('../lab/tell-sending.ts');
  const { liveFlush } = await import('../lab/live-control.ts');
  const { labPaths } = await import('../util/paths.ts');
  const { liveReachable } = await import('../lab/reach.ts');
  const { labStatus } = await import('../lab/status.ts');
  const { syncLab } = await import('../lab/sync.ts');
  const { pullTrees } = await import('../lab/pull-trees.ts');
  const paths = labPaths(lab);
  const live = await tellLive(paths, machines, progress, async () => {
    const flushed = await liveFlush(paths, { timeoutMs: FLUSH_MS, signal });
    return flushed && liveReachable(lab, flushed, machines, signal);
  });
  // It may look after some of them only: a fork's shares, or those of `sync --stop`.
  const pushed = await syncLab(lab, { machines, kept: live?.trees ?? [], progress, signal });
  const into = options.into === undefined ? undefined : resolve(options.into);
  const pulled = await pullTrees(lab, { machines, progress, signal, into });
  const states = live?.machines.filter(({ machine }) => machines.includes(machine)) ?? [];
  const isWrong = ({ error, refused, problem }: SyncResult): boolean =>
    (error && error.code !== 'PULL_FORK') || problem !== undefined || refused.length > 0;
  const isAway =
    states.some(({ connected }) => !connected) ||
    [...pushed, ...pulled].some(({ error }) => error?.code === 'MACHINE_OFF');
  const away = isAway ? awayWords((await labStatus(lab, signal)).machines, lab) : new Map();
  if (
    states.some(
      ({ connected, refused, held, problem }) => !connected || problem || refused > 0 || held,
    )
  )
    process.exitCode = 1;
  if ([...pushed, ...pulled].some(isWrong)) process.exitCode = 1;
  if (options.json) printJson([...states, ...[...pushed, ...pulled].map(asJson)]);
  else
    console.log(
      formatStates([
        ...states.map((state) => ({ place: state, words: stateWords(state, away) })),
        ...[...pushed, ...pulled].map((one) => ({ place: one, words: resultWords(one, away) })),
      ]),
    );
}

/** Machines that have a tree in the same state are named together, as `status` does. Exported for its test. */
export function formatStates(
  rows: readonly { readonly place: TreePlace; readonly words: string }[],
): string {
  const groups = new Map<string, { place: TreePlace; words: string; machines: string[] }>();
  for (const { place, words } of rows) {
    const key = JSON.stringify([place.mode, place.from, place.to, words]);
    const group = groups.get(key) ?? { place, words, machines: [] };
    groups.set(key, group);
    group.machines.push(place.machine);
  }
  return formatTable(
    ['TREE', 'STATE'],
    [...groups.values()].map(({ place, words, machines }) => [
      treeName(place, machines.join(','), process.cwd()),
      words,
    ]),
  );
}

async function watch(
  lab: LabSpec,
  machines: readonly string[],
  signal: AbortSignal,
  { json }: Options,
): Promise<void> {
  const { watchTrees } = await import('../lab/watch-trees.ts');
  // What it prints about a file that it prints into would be the next change of that file.
  const outputs = ownOutputs();
  const folders = lab.trees.map(({ from, to }) => ({ to, from: realPathOf(from) }));
  const isOwn = ({ to, changes = [] }: LiveEvent): boolean => {
    const from = folders.find((tree) => tree.to === to)?.from ?? '';
    return changes.length > 0 && changes.every(({ path }) => outputs.includes(join(from, path)));
  };
  await watchTrees(lab, {
    signal,
    onKeeper: ({ isHack, pid }) => {
      if (json) return;
      const who = isHack ? `skerry hack (process ${pid}) sends changes to` : 'changes go to';
      console.error(
        `Lab ${labelOf(lab)}: ${who} ${machines.join(', ')}. Ctrl-C ends the show, not the changes.`,
      );
    },
    onEvent: (event) => {
      if (!machines.includes(event.machine) || isOwn(event)) return;
      console.log(json ? JSON.stringify(event) : formatEvent(event));
    },
  });
}

/** A tree that was compared, and what of it hack holds back there. */
export type HeldCheck = CheckResult & { readonly held?: readonly string[] };

/** What hack holds back differs on purpose: `skerry sync` does not change that. Exported for its test. */
export function withHeld(
  results: readonly CheckResult[],
  live: Pick<LiveStatus, 'machines'> | undefined,
): HeldCheck[] {
  return results.map((result) => {
    const held = live?.machines.find(
      ({ machine, to }) => machine === result.machine && to === result.to,
    )?.held;
    if (!held || result.error) return result;
    const isFree = (path: string): boolean => !held.includes(path);
    const { different, extra } = result;
    return { ...result, different: different.filter(isFree), extra: extra.filter(isFree), held };
  });
}

/** @param left trees that are not compared: machines make them */
function reportChecks(
  results: readonly HeldCheck[],
  left: readonly TreeSpec[],
  { json }: Options,
): void {
  const isOther = results.some(({ error, different }) => !error && different.length > 0);
  if (isOther || results.some(({ error, held }) => error || held)) process.exitCode = 1;
  const words = left.map((tree) => nameOf({ ...tree, machine: tree.on[0] ?? '' }));
  if (json) printJson(results.map(asJson));
  else if (results.length > 0) console.log(formatChecks(results));
  if (words.length > 0)
    console.error(`Not compared, since machines make them: ${words.join(', ')}.`);
  if (isOther && !json) console.error('skerry sync makes the machines equal.');
}

function asJson({ error, ...rest }: SyncResult | CheckResult): object {
  return { ...rest, ...(error && { error: error.toJSON() }) };
}

function nameOf(place: TreePlace): string {
  return treeName(place, place.machine, process.cwd());
}

function resultWords(
  { machine, changes, bytes, durationMs, refused, problem, error }: SyncResult,
  away: Away,
): string {
  const off = away.get(machine);
  if (error && off !== undefined) return styleText('yellow', off);
  if (error?.code === 'PULL_FORK')
    return styleText(
      'dim',
      `stays in the fork: skerry sync --lab ${error.data.fork} --into FOLDER`,
    );
  if (error) return styleText('red', error.message);
  if (problem !== undefined) return styleText('red', problem);
  if (refused.length > 0) return styleText('red', refusals(refused));
  if (changes === 0) return styleText('green', 'up to date');
  return `${changes === 1 ? '1 change' : `${changes} changes`}, ${formatBytes(bytes)} in ${formatSeconds(durationMs)}`;
}

function formatChecks(results: readonly HeldCheck[]): string {
  const rows = results.map(({ files, hash, different, extra, held, error, ...place }) => [
    nameOf(place),
    error
      ? styleText('red', error.message)
      : different.length > 0
        ? styleText('red', `${different.length} differ: ${some(different)}`)
        : held
          ? styleText('yellow', `held back by skerry hack: ${some(held)}`)
          : `${styleText('green', 'equal')}, ${files} files`,
    extra?.length ? `${extra.length} more in the machine: ${some(extra)}` : '',
    styleText('dim', hash?.machine.slice(0, 12) ?? ''),
  ]);
  return formatTable(['TREE', 'STATE', 'EXTRA', 'HASH'], rows);
}

/** @example '12:00:01  src -> agent_1:/srv/src  server.py  21 ms' */
function formatEvent(event: LiveEvent): string {
  const { changes = [], durationMs, refused = [], reason } = event;
  const time = styleText('dim', new Date().toTimeString().slice(0, 8));
  const what =
    event.kind === 'lost'
      ? styleText('yellow', reason ?? '')
      : changes.length === 0
        ? styleText('dim', 'up to date')
        : event.kind === 'rolled-back'
          ? styleText('yellow', `rolled back: ${some(changes.map(({ path }) => path))}`)
          : some(changes.map(({ kind, path }) => (kind === 'remove' ? `- ${path}` : path)));
  const trouble = refused.length > 0 ? `  ${styleText('red', refusals(refused))}` : '';
  const took = durationMs === undefined ? '' : styleText('dim', `  ${durationMs} ms`);
  return `${time}  ${nameOf(event)}  ${what}${took}${trouble}`;
}

function refusals(refused: readonly { path: string; reason: string }[]): string {
  return `${refused.length} not written: ${some(refused.map(({ path, reason }) => `${path} (${reason})`))}`;
}
