import type { Command } from 'commander';
import { withExample } from '../common.ts';
import { type EditFlags, runEdit, withEdit } from './edit-output.ts';

interface Options extends EditFlags {
  readonly keepGitDir?: boolean;
  readonly force?: boolean;
}

export function define(command: Command): void {
  withEdit(command)
    .argument('<paths...>', 'components')
    .option('--keep-git-dir', 'keep .git/modules/NAME, with commits that are nowhere else')
    .option('-f, --force', 'even with files that git ignores: they are lost')
    .action(run);
  withExample(command, '$ skerry sp remove libs/foo', '$ skerry sp remove libs/foo --dry-run');
  command.addHelpText(
    'after',
    '\nRefused while it, or a component in it, has changes, or commits that are not on its remote. You commit.',
  );
}

async function run(words: string[], options: Options): Promise<void> {
  const { removeComponents } = await import('../../superproject/checkout/remove-component.ts');
  await runEdit(
    options,
    ({ network, root }) =>
      removeComponents(network, root, {
        words,
        cwd: process.cwd(),
        keepGitDir: options.keepGitDir,
        force: options.force,
        dryRun: options.dryRun,
      }),
    ({ removed }) => `Removed ${removed.map(({ path }) => path).join(', ')}. Staged: git commit`,
  );
}
