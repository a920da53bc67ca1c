import type { Command } from 'commander';
import {
  type CommonOptions,
  interruptible,
  RESUMABLE,
  labOf,
  printJson,
  withExample,
  withJson,
  withLab,
} from './common.ts';

interface Options extends CommonOptions {
  readonly force?: boolean;
}

export function define(command: Command): void {
  withJson(withLab(command))
    .argument('[machine...]', 'names or /regular expressions/ (default: all)')
    .option('-f, --force', 'pull the plug instead of shutting down')
    .action(run);
  withExample(command, '$ skerry reload agent_1');
}

async function run(args: string[], options: Options): Promise<void> {
  const signal = interruptible(RESUMABLE);
  const lab = await labOf(options);
  const { machineNames } = await import('../lab-file/select.ts');
  const { halt } = await import('../lab/halt.ts');
  const { up } = await import('../lab/up.ts');
  const { formatUp } = await import('./format-plan.ts');
  const { progressView } = await import('./progress-view.ts');
  const machines = args.length > 0 ? machineNames(lab, args) : [];
  const view = progressView();
  const shared = { machines, signal, onProgress: view.onProgress };
  const result = await halt(lab, { ...shared, force: options.force === true })
    .then(() => up(lab, shared))
    .finally(view.end);
  if (options.json) printJson(result);
  else console.log(formatUp(lab, result));
}
