import type { Command } from 'commander';
import {
  type CommonOptions,
  interruptible,
  labOf,
  printJson,
  resumable,
  withExample,
  withJson,
  withLab,
} from './common.ts';

interface Options extends CommonOptions {
  readonly dryRun?: boolean;
  readonly timings?: boolean;
  readonly cold?: boolean;
  readonly provision?: boolean;
}

export function define(command: Command): void {
  withJson(withLab(command))
    .argument('[machine...]', 'names or /regular expressions/ (default: all with autostart)')
    .option('-n, --dry-run', 'show what would be done and do nothing; exit code 0')
    .option('--cold', 'boot new machines instead of thawing them, and use no lab that was kept')
    .option('--provision', 'run all provisioners again, but those that run never')
    .option('--no-provision', 'run no provisioners, and do not wait until machines are ready')
    .option('--timings', 'show how long each machine took in each phase')
    .action(run);
  withExample(
    command,
    '$ skerry up                      # all machines; a second time it changes nothing',
    '$ skerry up agent_1 --timings',
    "$ skerry up '/agent_.*/' --dry-run",
    '$ skerry up --no-provision',
  );
}

async function run(args: string[], options: Options): Promise<void> {
  const signal = interruptible(resumable('up', options));
  const { findMissing } = await import('../lab/missing-files.ts');
  const isProvisioned = options.provision !== false;
  const lab = await labOf(options, { alsoCheck: (parts) => findMissing(parts, { isProvisioned }) });
  const { machineNames } = await import('../lab-file/select.ts');
  const machines = args.length > 0 ? machineNames(lab, args) : [];
  const { dryRunUp, up } = await import('../lab/up.ts');
  const { formatPlan, formatUp } = await import('./format-plan.ts');
  const how = { cold: options.cold === true, provision: options.provision };
  if (options.dryRun) {
    const plan = await dryRunUp(lab, { machines, ...how });
    if (options.json) printJson(plan);
    else console.log(formatPlan(plan));
    return;
  }
  const { progressView } = await import('./progress-view.ts');
  const view = progressView();
  const result = await up(lab, { machines, ...how, signal, onProgress: view.onProgress }).finally(
    view.end,
  );
  if (options.json) printJson(result);
  else {
    console.log(formatUp(lab, result));
    if (options.timings) console.log((await import('./format-timings.ts')).formatTimings(result));
  }
}
