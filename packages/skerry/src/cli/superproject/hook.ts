import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { interruptible, withExample } from '../common.ts';

export function define(command: Command): void {
  command
    .command('install')
    .description('Check pins before each push: pre-push here, pre-receive in a bare repository.')
    .option('--url <url>', 'in a bare repository: its own url, for relative urls of components')
    .action(install);
  command.command('remove').description('Take the check out again.').action(remove);
  command
    .command('pre-push', { hidden: true })
    .argument('[remote]')
    .argument('[url]')
    .action((_remote: string, url?: string) => check(url));
  command.command('pre-receive', { hidden: true }).action(() => check(undefined));
  withExample(command, '$ skerry sp hook install', '$ skerry sp hook remove');
  command.addHelpText(
    'after',
    `
Then a push of a superproject, with any git, is refused while a pin in it is not on its component's remote.`,
  );
}

async function install({ url }: { url?: string }): Promise<void> {
  const { installHook } = await import('../../superproject/checkout/hooks.ts');
  const { runGit } = await import('../../superproject/git.ts');
  const cwd = process.cwd();
  const program = [process.execPath, ...process.execArgv, process.argv[1] ?? 'skerry'];
  const { file } = await installHook(cwd, program, interruptible());
  if (url !== undefined) await runGit(['config', 'superproject.url', url], { cwd });
  console.log(`Pushes are checked by ${file}`);
}

async function remove(): Promise<void> {
  const { removeHook } = await import('../../superproject/checkout/hooks.ts');
  const { file, removed } = await removeHook(process.cwd(), interruptible());
  console.log(removed ? `Removed ${file}` : `There is no ${file}`);
}

async function check(remote: string | undefined): Promise<void> {
  const signal = interruptible();
  const { checkPushed, hookEnvironment, ownUrl, pushedCommits } =
    await import('../../superproject/checkout/hooks.ts');
  const { Network } = await import('../../superproject/network.ts');
  const commits = pushedCommits(await text(process.stdin));
  const dir = process.cwd();
  const url = await ownUrl(dir, remote, signal);
  const network = new Network({ signal, cwd: dir, env: hookEnvironment(dir) });
  await checkPushed(network, { dir, commits, url });
}
