import type { Command } from 'commander';
import {
  aboutLab,
  type CommonOptions,
  interruptible,
  labelOf,
  labOf,
  printJson,
  withExample,
  withJson,
  withLab,
} from './common.ts';

export function define(command: Command): void {
  withJson(withLab(command)).action(run);
  withExample(command, '$ skerry suspend', '$ skerry resume');
  command.addHelpText(
    'after',
    '\nNothing of the lab runs or takes memory then. It may be resumed after the host was started anew.',
  );
}

async function run(options: CommonOptions): Promise<void> {
  const signal = interruptible('the lab goes on as before');
  const lab = await labOf(options);
  const { suspendLab } = await import('../lab/suspend.ts');
  const { progressView } = await import('./progress-view.ts');
  const view = progressView();
  const snapshot = await suspendLab(lab, { signal, onProgress: view.onProgress }).finally(view.end);
  if (options.json) printJson(snapshot);
  else console.log(`Suspended lab ${labelOf(lab)}. Go on with: skerry resume${aboutLab(lab)}`);
}
