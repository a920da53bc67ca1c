import type { Command } from 'commander';
import { type CommonOptions, labOf, printJson, withExample, withJson, withLab } from './common.ts';

export function define(command: Command): void {
  withJson(withLab(command)).action(run);
  withExample(
    command,
    '$ skerry validate',
    '$ skerry validate --json   # prints the lab with all defaults filled in',
  );
}

async function run(options: CommonOptions): Promise<void> {
  const lab = await labOf(options, true);
  if (options.json) printJson(lab);
  else
    console.log(
      `${lab.file}: fine (${lab.machines.length} machine${lab.machines.length === 1 ? '' : 's'})`,
    );
}
