import { styleText } from 'node:util';
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
  const { findMissing } = await import('../lab/missing-files.ts');
  const lab = await labOf(options, {
    isThorough: true,
    alsoCheck: (parts) => findMissing(parts, { isProvisioned: true }),
  });
  if (options.json) printJson(lab);
  else
    console.log(
      `${lab.file}: fine (${lab.machines.length} machine${lab.machines.length === 1 ? '' : 's'})`,
    );
  const { unmatchedText, unmatchedWatch } = await import('../lab/unmatched-watch.ts');
  for (const one of await unmatchedWatch(lab))
    console.error(styleText('yellow', `! ${unmatchedText(one)}`));
}
