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
  readonly force?: boolean;
  readonly provision?: boolean;
}

export function define(command: Command): void {
  withJson(withLab(command))
    .argument('[machine...]', 'names or /regular expressions/ (default: all)')
    .option('-f, --force', 'pull the plug instead of shutting down')
    .option('--provision', 'run all provisioners again, but those that run never')
    .option('--no-provision', 'run no provisioners, and do not wait until machines are ready')
    .action(run);
  withExample(command, '$ skerry reload agent_1', '$ skerry reload --provision');
}

async function run(args: string[], options: Options): Promise<void> {
  const signal = interruptible(resumable('up', options));
  const lab = await labOf(options);
  const { machineNames } = await import('../lab-file/select.ts');
  const { reload } = await import('../lab/reload.ts');
  const { formatUp } = await import('./format-plan.ts');
  const { progressView } = await import('./progress-view.ts');
  const machines = args.length > 0 ? machineNames(lab, args) : [];
  const view = progressView();
  const result = await reload(lab, {
    ...{ machines, signal, onProgress: view.onProgress },
    force: options.force === true,
    provision: options.provision,
  }).finally(view.end);
  if (options.json) printJson(result);
  else console.log(formatUp(lab, result));
}
