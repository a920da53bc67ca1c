import type { Command } from 'commander';
import type { LabSpec } from '../lab-file/spec.ts';
import { SkerryErrors } from '../util/errors.ts';
import { type CommonOptions, printJson, withExample, withJson, withLab } from './common.ts';

export function define(command: Command): void {
  withJson(withLab(command)).action(run);
  withExample(
    command,
    '$ skerry doctor',
    '$ skerry doctor --json | jq \'.checks[] | select(.level != "ok")\'',
  );
  command.addHelpText('after', '\nExit code: 0 when skerry up can work, 1 when it cannot.');
}

async function run(options: CommonOptions): Promise<void> {
  const { examine } = await import('../doctor/examine.ts');
  const diagnosis = await examine(await labIfAny(options));
  if (!diagnosis.ok) process.exitCode = 1;
  if (options.json) {
    printJson(diagnosis);
    return;
  }
  const { formatDiagnosis } = await import('./format-diagnosis.ts');
  console.log(formatDiagnosis(diagnosis, process.stdout.columns ?? 100));
}

/** The doctor also works where there is no lab, or one with faults. */
async function labIfAny(options: CommonOptions): Promise<{ lab?: LabSpec; labError?: Error }> {
  const { loadLab } = await import('../lab-file/load.ts');
  try {
    return { lab: await loadLab(options.lab ?? process.cwd()) };
  } catch (error) {
    if (error instanceof SkerryErrors) return { labError: error };
    if (options.lab !== undefined) throw error;
    return {};
  }
}
