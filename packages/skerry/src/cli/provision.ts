import { styleText } from 'node:util';
import type { Command } from 'commander';
import { SkerryErrors } from '../util/errors.ts';
import type { ProvisionResult } from '../lab/provision.ts';
import type { StepResult } from '../lab/make-lab-ready.ts';
import { formatSeconds } from './amounts.ts';
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
import { formatTable } from './table.ts';

interface Options extends CommonOptions {
  readonly only?: readonly string[];
}

export function define(command: Command): void {
  withJson(withLab(command))
    .argument('[machine...]', 'names or /regular expressions/ (default: all that run)')
    .option(
      '--only <provisioners>',
      'names, with commas: those alone, also such that run never',
      (names: string, before?: readonly string[]) => [...(before ?? []), ...names.split(',')],
    )
    .action(run);
  withExample(
    command,
    '$ skerry provision',
    '$ skerry provision --only setup central_server',
    '$ skerry provision --json',
  );
  command.addHelpText(
    'after',
    '\nThey run again, also those that run once and have not changed. Where one fails the others go on; the exit code says so.',
  );
}

async function run(args: string[], options: Options): Promise<void> {
  const signal = interruptible(resumable('up', options));
  const lab = await labOf(options);
  const { machineNames } = await import('../lab-file/select.ts');
  const { provisionLab } = await import('../lab/provision.ts');
  const { progressView } = await import('./progress-view.ts');
  const machines = args.length > 0 ? machineNames(lab, args) : [];
  const only = options.only ?? [];
  const view = progressView();
  const result = await provisionLab(lab, {
    ...{ machines, only, signal, onProgress: view.onProgress },
  }).finally(view.end);
  process.exitCode = Math.max(0, ...result.errors.map(({ exitCode }) => exitCode));
  if (options.json) return printJson(asJson(result));
  console.log(formatProvision(result));
  const { printError } = await import('./print-error.ts');
  const { errors } = result;
  if (errors.length > 0) printError(new SkerryErrors(errors), { json: false, debug: false });
}

/** A line a provisioner and machine, with what it changed under it. Pure. */
export function formatProvision({ steps, elapsedMs }: ProvisionResult): string {
  if (steps.length === 0) return 'No provisioner to run.';
  const table = formatTable(
    ['MACHINE', 'PROVISIONER', 'RESULT', 'TIME'],
    steps.map((step) => [
      step.machine,
      step.provisioner,
      step.error ? styleText('red', 'failed') : (step.summary ?? 'done'),
      formatSeconds(step.durationMs),
    ]),
  );
  const changes = steps.flatMap(({ machine, changes: all = [] }) =>
    all.map(
      ({ what, place }) => `  ${machine}: ${what}${place === undefined ? '' : ` (${place})`}`,
    ),
  );
  const failed = steps.filter(({ error }) => error).length;
  const sum =
    failed > 0 ? `${failed} failed, ${steps.length - failed} done` : `${steps.length} done`;
  return [table, ...changes, `${sum} in ${formatSeconds(elapsedMs)}.`].join('\n');
}

function asJson({ steps, errors, elapsedMs }: ProvisionResult): object {
  const plain = ({ error, ...step }: StepResult): object => ({
    ...step,
    ...(error && { error: error.toJSON() }),
  });
  return { steps: steps.map(plain), errors: errors.map((error) => error.toJSON()), elapsedMs };
}
