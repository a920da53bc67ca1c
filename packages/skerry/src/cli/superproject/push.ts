import { styleText } from 'node:util';
import type { Command } from 'commander';
import type { PushResult } from '../../superproject/checkout/push-checkout.ts';
import { shellQuote } from '../../util/shell-quote.ts';
import { withExample } from '../common.ts';
import { type EditFlags, runEdit, withEdit } from './edit-output.ts';

interface Options extends EditFlags {
  readonly topic?: string;
}

export function define(command: Command): void {
  withEdit(command)
    .option('-t, --topic <branch>', 'push this branch, in all components that have it')
    .option('-j, --jobs <n>', 'connections to one host at once, at most')
    .action(run);
  withExample(command, '$ skerry sp push', '$ skerry sp push --topic fix-login');
  command.addHelpText(
    'after',
    `
Components go first, then every pin is looked for on its remote, then the superproject goes: nobody fetches a pin that is
not there. Nothing is forced.`,
  );
}

async function run(options: Options): Promise<void> {
  const { pushCheckout } = await import('../../superproject/checkout/push-checkout.ts');
  await runEdit(
    options,
    ({ network, root, onProgress }) =>
      pushCheckout(network, root, { topic: options.topic, dryRun: options.dryRun, onProgress }),
    ({ components, branch, commit, verified, unpinned }) =>
      [
        ...components.map((one) => `${one.path}: ${one.branch} is at ${one.commit.slice(0, 12)}`),
        ...unpinned.map(formatUnpinned),
        `${verified === 1 ? '1 pin is on its remote' : `${verified} pins are on their remotes`}; ${branch} is at ${commit.slice(0, 12)}`,
      ].join('\n'),
  );
}

function formatUnpinned({
  path,
  branch,
  commits,
  isPushed,
}: PushResult['unpinned'][number]): string {
  const on = branch === undefined ? '' : ` on ${branch}`;
  const what = commits === 1 ? `1 commit${on} is` : `${commits} commits${on} are`;
  const how = isPushed ? 'pushed, but not pinned' : 'not pinned, so not pushed';
  return `${styleText('yellow', '!')} ${path}: ${what} ${how}: git add ${shellQuote(path)}, git commit, and push again`;
}
