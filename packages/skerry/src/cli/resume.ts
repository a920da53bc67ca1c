import type { Command } from 'commander';
import { formatSeconds } from './amounts.ts';
import {
  type CommonOptions,
  interruptible,
  labelOf,
  labOf,
  printJson,
  withExample,
  withJson,
  withLab,
} from './common.ts';

interface Options extends CommonOptions {
  readonly timings?: boolean;
}

export function define(command: Command): void {
  withJson(withLab(command))
    .option('--timings', 'show how long each machine took in each phase')
    .action(run);
  withExample(command, '$ skerry resume');
  command.addHelpText('after', '\nskerry up resumes a suspended lab too.');
}

async function run(options: Options): Promise<void> {
  const signal = interruptible('the lab is still suspended; skerry resume tries again');
  const lab = await labOf(options);
  const { resumeLab } = await import('../lab/suspend.ts');
  const { progressView } = await import('./progress-view.ts');
  const view = progressView();
  const result = await resumeLab(lab, { signal, onProgress: view.onProgress }).finally(view.end);
  if (options.json) return printJson(result);
  console.log(`Lab ${labelOf(lab)} goes on after ${formatSeconds(result.elapsedMs)}.`);
  if (options.timings) console.log((await import('./format-timings.ts')).formatTimings(result));
}
