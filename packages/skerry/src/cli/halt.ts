import type { Command } from 'commander';
import {
  aboutLab,
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
}

export function define(command: Command): void {
  withJson(withLab(command))
    .argument('[machine...]', 'names or /regular expressions/ (default: all)')
    .option('-f, --force', 'pull the plug instead of shutting down')
    .action(run);
  withExample(command, '$ skerry halt', '$ skerry halt agent_1');
}

async function run(args: string[], options: Options): Promise<void> {
  const signal = interruptible(resumable('halt', options));
  const lab = await labOf(options);
  const { machineNames } = await import('../lab-file/select.ts');
  const { halt } = await import('../lab/halt.ts');
  const { progressView } = await import('./progress-view.ts');
  const machines = args.length > 0 ? machineNames(lab, args) : [];
  const view = progressView();
  const stopped = await halt(lab, {
    machines,
    force: options.force === true,
    signal,
    onProgress: view.onProgress,
  }).finally(view.end);
  if (options.json) printJson({ stopped });
  else
    console.log(
      stopped.length === 0
        ? 'Nothing was running.'
        : `Halted ${stopped.join(', ')}. Start again with: skerry up${aboutLab(lab)}`,
    );
}
