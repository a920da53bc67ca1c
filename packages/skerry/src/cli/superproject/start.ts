import type { Command } from 'commander';
import { withExample } from '../common.ts';
import { type EditFlags, runEdit, withEdit } from './edit-output.ts';

export function define(command: Command): void {
  withEdit(command)
    .argument('<topic>', 'the branch to make')
    .argument('[paths...]', 'components (default: those with changes or commits of yours)')
    .action(run);
  withExample(command, '$ skerry sp start fix-login libs/net core', '$ skerry sp start fix-login');
  command.addHelpText('after', '\nThe superproject goes on it as well; then: skerry sp push');
}

async function run(topic: string, words: string[], options: EditFlags): Promise<void> {
  const { startTopic } = await import('../../superproject/checkout/start.ts');
  await runEdit(
    options,
    ({ network, root }) =>
      startTopic(network, root, { topic, words, cwd: process.cwd(), dryRun: options.dryRun }),
    ({ components }) => `On ${topic}: ${components.join(', ')}, and the superproject.`,
  );
}
