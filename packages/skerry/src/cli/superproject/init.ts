import { relative } from 'node:path';
import type { Command } from 'commander';
import { interruptible, printJson, withExample } from '../common.ts';
import { type EditFlags, withEdit } from './edit-output.ts';
import { formatCommands } from './format-sync.ts';

interface Options extends EditFlags {
  readonly branch?: string;
}

export function define(command: Command): void {
  withEdit(command)
    .argument('[dir]', 'the folder; it may be a git repository already', '.')
    .option('-b, --branch <branch>', 'the first branch of a new repository')
    .action(run);
  withExample(command, '$ skerry sp init product', '$ skerry sp init');
}

async function run(dir: string, options: Options): Promise<void> {
  const { Network } = await import('../../superproject/network.ts');
  const { initSuperproject } = await import('../../superproject/checkout/init.ts');
  const network = new Network({ signal: interruptible() });
  const result = await initSuperproject(network, {
    dir,
    branch: options.branch,
    dryRun: options.dryRun,
  });
  const where = relative(process.cwd(), result.root) || '.';
  if (options.json) printJson(result);
  else if (options.dryRun) console.log(formatCommands(result.commands));
  else if (result.isNew)
    console.log(`${where} is a superproject now; next: skerry sp add <url> <path>`);
  else console.log(`${where} is a superproject already.`);
}
