import { resolve } from 'node:path';
import type { Command } from 'commander';
import { interruptible, printJson, withExample, withJson } from '../common.ts';
import { countOf, progressLine, several } from './common.ts';
import { formatPlan, formatSync, syncExit, syncJson } from './format-sync.ts';

interface Options {
  readonly attach?: boolean;
  readonly branch?: string;
  readonly group?: readonly string[];
  readonly recursive: boolean;
  readonly depth?: string;
  readonly reference?: string;
  readonly dryRun?: boolean;
  readonly jobs?: string;
  readonly json?: boolean;
}

export function define(command: Command): void {
  withJson(command)
    .argument('[paths...]', 'components, or folders of them (default: all)')
    .option(
      '-a, --attach',
      'be on the branches that components follow, where that loses nothing (default: as cloned)',
    )
    .option('--no-attach', 'not even in a checkout that was cloned with --attach')
    .option('-b, --branch <branch>', 'what `branch = .` means (default: the branch checked out)')
    .option('-g, --group <groups>', 'only these groups; `all` for all', several)
    .option('--no-recursive', 'leave components of components alone')
    .option('--depth <n>', 'fetch only so many commits of new components')
    .option('--reference <dir>', 'borrow objects from another checkout, or a mirror')
    .option('-n, --dry-run', 'change nothing; print the git commands')
    .option('-j, --jobs <n>', 'components and connections at once, at most')
    .action(run);
  withExample(
    command,
    '$ skerry sp sync',
    '$ skerry sp sync --attach libs/net',
    '$ skerry sp sync --dry-run',
  );
  command.addHelpText(
    'after',
    `
It never moves a pin: that is \`update\`. What is not committed is left alone and named; commits that are on no branch
get a ref before HEAD moves away from them. Exit code 5: some are not at their pins; the same command goes on.`,
  );
}

async function run(words: string[], options: Options): Promise<void> {
  const signal = interruptible(
    'components that were done stay; the same command goes on from there',
  );
  const { findRoot } = await import('../../superproject/target.ts');
  const { Network } = await import('../../superproject/network.ts');
  const { sync } = await import('../../superproject/checkout/sync.ts');
  const root = await findRoot(process.cwd(), signal);
  const jobs = countOf('--jobs', options.jobs);
  const network = new Network({ signal, cwd: root, jobs });
  const line = progressLine(options);
  const result = await sync(network, root, {
    words,
    cwd: process.cwd(),
    groups: options.group,
    attach: options.attach,
    branch: options.branch,
    isRecursive: options.recursive,
    depth: countOf('--depth', options.depth),
    reference: options.reference === undefined ? undefined : resolve(options.reference),
    dryRun: options.dryRun,
    jobs,
    onProgress: line.say,
  }).finally(line.end);
  process.exitCode = syncExit(result);
  if (options.json) printJson(syncJson(result));
  else if (options.dryRun) console.log(formatPlan(result));
  else console.log(formatSync(result));
}
