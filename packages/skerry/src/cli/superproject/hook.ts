import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import type { HookChange } from '../../superproject/checkout/hooks.ts';
import { interruptible, printJson, withExample } from '../common.ts';
import { type EditFlags, withEdit } from './edit-output.ts';
import { formatCommands } from './format-sync.ts';

export function define(command: Command): void {
  const install = withEdit(command.command('install'))
    .description('Check pins before each push: pre-push here, pre-receive in a bare repository.')
    .option('--url <url>', 'in a bare repository: its own url, for relative urls of components')
    .action(runInstall);
  withExample(
    install,
    '$ skerry sp hook install',
    '$ skerry sp hook install --url git@example.org:product/all.git',
  );
  const remove = withEdit(command.command('remove').description('Take the check out again.'));
  withExample(remove.action(runRemove), '$ skerry sp hook remove');
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

async function runInstall({ url, ...options }: EditFlags & { url?: string }): Promise<void> {
  const { installHook } = await import('../../superproject/checkout/hooks.ts');
  const { dryRun } = options;
  const program = [process.execPath, ...process.execArgv, process.argv[1] ?? 'skerry'];
  const signal = interruptible();
  const done = await installHook(process.cwd(), program, { url, dryRun, signal });
  print(done, options, `Pushes are checked by ${done.file}`);
}

async function runRemove(options: EditFlags): Promise<void> {
  const { removeHook } = await import('../../superproject/checkout/hooks.ts');
  const { dryRun } = options;
  const done = await removeHook(process.cwd(), { dryRun, signal: interruptible() });
  print(done, options, done.removed ? `Removed ${done.file}` : `There is no ${done.file}`);
}

function print(done: HookChange, { json, dryRun }: EditFlags, said: string): void {
  if (json) printJson(done);
  else console.log(dryRun ? formatCommands(done.commands) : said);
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
