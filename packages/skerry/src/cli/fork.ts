import { styleText } from 'node:util';
import { type Command, InvalidArgumentError } from 'commander';
import type { TryResult } from '../lab/try-in-forks.ts';
import type { LabSpec } from '../lab-file/spec.ts';
import { SkerryError } from '../util/errors.ts';
import { formatMiB, formatSeconds } from './amounts.ts';
import {
  type CommonOptions,
  interruptible,
  labOf,
  printJson,
  withExample,
  withJson,
  withLab,
} from './common.ts';
import { progressView } from './progress-view.ts';
import { formatTable } from './table.ts';

interface Options extends CommonOptions {
  readonly from?: string;
  readonly try?: string;
  readonly times?: number;
  readonly on?: string;
  readonly keepFailed?: boolean;
  readonly timings?: boolean;
}

const NOTHING = 'no fork is left';

export function define(command: Command): void {
  withJson(withLab(command))
    .argument('[name]', 'how to call the fork; without it, the forks are listed')
    .option('--from <snapshot>', 'begin from this snapshot instead of from now')
    .option('--try <command>', 'run a shell command in a throw-away fork and report')
    .option('--times <number>', 'with --try: how often, each time in a fork of its own', toCount)
    .option('--on <machines>', 'with --try: where (default: the primary machine)')
    .option('--keep-failed', 'with --try: leave the forks in which it failed')
    .option('--timings', 'show how long each machine took in each phase')
    .action(run);
  withExample(
    command,
    '$ skerry fork try1 && skerry ssh --lab try1',
    "$ skerry fork --try 'make -C /srv/src check' --times 20 --from ready",
    '$ skerry fork                    # which there are',
    '$ skerry destroy --lab try1',
  );
  command.addHelpText(
    'after',
    '\nA fork has the same addresses, names and keys, in a network of its own. Forwarded ports stay with the lab.\nWith --try the exit code is 1 if any run failed.',
  );
}

function toCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 10_000)
    throw new InvalidArgumentError('It must be a whole number from 1 to 10000.');
  return count;
}

async function run(name: string | undefined, options: Options): Promise<void> {
  const lab = await labOf(options);
  const wrong =
    options.try === undefined
      ? ['times', 'on', 'keepFailed'].some((key) => key in options)
        ? '--times, --on and --keep-failed are for --try'
        : name === undefined && options.from !== undefined
          ? 'a fork needs a name: skerry fork NAME --from SNAPSHOT'
          : undefined
      : name !== undefined
        ? `--try names its forks itself: leave '${name}' out`
        : undefined;
  if (wrong !== undefined)
    throw new SkerryError('USAGE', { data: { detail: wrong, command: 'skerry fork' } });
  if (options.try !== undefined) return runTry(lab, options.try, options);
  if (name === undefined) return runList(lab, options);
  const signal = interruptible(NOTHING);
  const { forkLab } = await import('../lab/fork.ts');
  const view = progressView();
  const result = await forkLab(lab, name, {
    ...{ signal, from: options.from, onProgress: view.onProgress },
  }).finally(view.end);
  if (options.json) {
    const { pauseMs, timings, elapsedMs } = result;
    return printJson({ fork: name, pauseMs, timings, elapsedMs });
  }
  const stood =
    options.from === undefined
      ? `; ${lab.name} stood still for ${formatSeconds(result.pauseMs)}`
      : '';
  console.log(
    `Fork ${name} runs after ${formatSeconds(result.elapsedMs)}${stood}. Use it with --lab ${name}: skerry status --lab ${name}`,
  );
  if (options.timings) console.log((await import('./format-timings.ts')).formatTimings(result));
}

async function runList(lab: LabSpec, options: Options): Promise<void> {
  const { globalStatus } = await import('../lab/global-status.ts');
  const forks = (await globalStatus()).filter(
    ({ fork, dir, name }) => fork !== undefined && dir === lab.dir && name === lab.name,
  );
  if (options.json) return printJson(forks);
  if (forks.length === 0)
    return console.log(`No forks of ${lab.name}. Make one with: skerry fork NAME`);
  const rows = forks.map(({ fork = '', state, machines, diskBytes }) => [
    fork,
    state === 'running' ? styleText('green', state) : styleText('dim', state),
    String(machines),
    formatMiB(diskBytes),
  ]);
  console.log(formatTable(['FORK', 'STATE', 'MACHINES', 'DISK'], rows));
}

async function runTry(lab: LabSpec, command: string, options: Options): Promise<void> {
  if (lab.fork !== undefined) throw new SkerryError('FORK_OF_FORK', { data: { name: lab.fork } });
  const signal = interruptible(NOTHING);
  const { machineNames } = await import('../lab-file/select.ts');
  const { tryInForks } = await import('../lab/try-in-forks.ts');
  const primary = lab.machines.filter((machine) => machine.primary).map((machine) => machine.name);
  const machines = options.on === undefined ? primary : machineNames(lab, options.on.split(','));
  const times = options.times ?? 1;
  const results = await tryInForks(lab, {
    command: ['/bin/sh', '-c', command],
    ...{ machines, times, from: options.from, keepFailed: options.keepFailed === true, signal },
    onResult: (result) => {
      if (!options.json) report(result, times);
    },
  });
  const failed = results.filter(({ exitCode }) => exitCode !== 0);
  process.exitCode = failed.length > 0 ? 1 : 0;
  if (options.json) return printJson(results);
  const sum = `${results.length - failed.length} of ${results.length} runs succeeded`;
  console.log(failed.length > 0 ? `${styleText('red', sum)}.` : `${styleText('green', sum)}.`);
}

function report(
  { run, exitCode, forkMs, commandMs, output, fork }: TryResult,
  times: number,
): void {
  const kept = fork === undefined ? '' : `; kept as --lab ${fork}`;
  const head = `run ${run} of ${times}: exit code ${exitCode} after ${formatSeconds(commandMs)} (fork: ${formatSeconds(forkMs)})${kept}`;
  console.log(exitCode === 0 ? head : styleText('red', head));
  if (exitCode === 0 && times > 1) return;
  const names = Object.keys(output);
  for (const [machine, text] of Object.entries(output))
    for (const line of text.trimEnd().split('\n'))
      console.log(names.length > 1 ? `  ${machine} | ${line}` : `  ${line}`);
}
