import { relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { withExample } from '../common.ts';
import { type EditFlags, runEdit, withEdit } from './edit-output.ts';

export function define(command: Command): void {
  withEdit(command)
    .argument('<old>', 'the component')
    .argument('<new>', 'its new path')
    .action(run);
  withExample(command, '$ skerry sp move libs/foo third-party/foo');
  command.addHelpText(
    'after',
    '\nIts name and git directory stay, and so does work in it. You commit.',
  );
}

async function run(from: string, to: string, options: EditFlags): Promise<void> {
  const { moveComponent } = await import('../../superproject/checkout/move-component.ts');
  await runEdit(
    options,
    ({ network, root }) =>
      moveComponent(network, root, {
        from,
        to: relative(root, resolve(to)),
        cwd: process.cwd(),
        dryRun: options.dryRun,
      }),
    (moved) => `${moved.from} is at ${moved.to} now. Staged: git commit`,
  );
}
