import { relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { withExample } from '../common.ts';
import { several } from './common.ts';
import { type EditFlags, runEdit, withEdit } from './edit-output.ts';

interface Options extends EditFlags {
  readonly branch?: string;
  readonly name?: string;
  readonly group?: readonly string[];
}

export function define(command: Command): void {
  withEdit(command)
    .argument('<url>', "its repository; `../libfoo.git` is beside the superproject's")
    .argument('<path>', 'where it goes')
    .option('-b, --branch <branch>', 'the branch it follows, or `.` (default: its default branch)')
    .option('--name <name>', 'its name (default: its path)')
    .option('-g, --group <groups>', 'groups it is in', several)
    .action(run);
  withExample(
    command,
    '$ skerry sp add ../libfoo.git libs/foo --branch 3.11',
    '$ skerry sp add https://example.org/bar.git bar --dry-run',
  );
  command.addHelpText(
    'after',
    '\nThe branch is written down, and staged with the pin; you commit.',
  );
}

async function run(url: string, path: string, options: Options): Promise<void> {
  const { addComponent } = await import('../../superproject/checkout/add-component.ts');
  await runEdit(
    options,
    ({ network, root }) =>
      addComponent(network, root, {
        url,
        path: relative(root, resolve(path)),
        branch: options.branch,
        name: options.name,
        groups: options.group,
        dryRun: options.dryRun,
      }),
    ({ path: at, branch, pin }) => {
      const followed = branch === '.' ? "the superproject's branch" : branch;
      return `${at} is at ${pin.slice(0, 12)} and follows ${followed}. Staged: git commit`;
    },
  );
}
