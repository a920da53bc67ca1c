import { styleText } from 'node:util';
import type { Command } from 'commander';
import type { Diagnosis, DoctorOptions, Mended } from '../../superproject/doctor/doctor.ts';
import { SP_EXIT } from '../../util/superproject-exit.ts';
import { interruptible, printJson, withExample } from '../common.ts';
import { countOf, progressLine, type SuperprojectOptions, withUrl } from './common.ts';
import { diagnosisJson, formatFindings } from './format-findings.ts';
import { formatCommands } from './format-sync.ts';

interface Options extends SuperprojectOptions {
  readonly branch?: string;
  readonly fix?: boolean;
  readonly dryRun?: boolean;
}

export function define(command: Command): void {
  withUrl(command)
    .option('-b, --branch <branch>', "the superproject's branch (default: the one checked out)")
    .option('--fix', 'mend what can be mended without losing anything')
    .option('-n, --dry-run', 'with --fix: change nothing; print the git commands')
    .action(run);
  withExample(
    command,
    '$ skerry sp doctor',
    '$ skerry sp doctor --fix --dry-run',
    '$ skerry sp doctor --url git@example.org:product/all.git --branch 3.11 --json',
  );
  command.addHelpText(
    'after',
    `
Each finding has the id of a known pain; docs/reference/superproject-doctor.md explains all 23, with what --fix does. Exit
code 1 with problems; notes do not count.`,
  );
}

async function run(options: Options): Promise<void> {
  const signal = interruptible('what is mended stays mended');
  const { Network } = await import('../../superproject/network.ts');
  const { diagnose, mend } = await import('../../superproject/doctor/doctor.ts');
  const { findRoot } = await import('../../superproject/target.ts');
  const { url, branch, dryRun } = options;
  const root = url === undefined ? await findRoot(process.cwd(), signal) : undefined;
  const network = new Network({ signal, cwd: root, jobs: countOf('--jobs', options.jobs) });
  const line = progressLine(options);
  const at = root === undefined ? { url: url ?? '' } : { root };
  const about: DoctorOptions = { at, branch, onProgress: line.say };
  const isMending = options.fix === true;
  const result: Diagnosis & Partial<Mended> = await (
    isMending ? mend(network, { ...about, dryRun }) : diagnose(network, about)
  ).finally(line.end);
  if (result.findings.some(({ level }) => level === 'problem')) process.exitCode = SP_EXIT.failure;
  if (options.json) return printJson(diagnosisJson(result));
  if (isMending && dryRun) console.log(formatCommands(result.commands ?? []));
  else console.log(formatFindings(result));
  for (const { message } of result.errors ?? [])
    console.error(`${styleText('red', 'error')}: ${message}`);
}
