import { relative } from 'node:path';
import type { Command } from 'commander';
import { interruptible, printJson, withExample, withJson } from '../common.ts';
import { countOf, progressLine, several } from './common.ts';
import { formatPlan, formatSync, syncExit, syncJson } from './format-sync.ts';

interface Options {
  readonly branch?: string;
  readonly attach?: boolean;
  readonly group?: readonly string[];
  readonly recursive: boolean;
  readonly depth?: string;
  readonly reference?: string;
  readonly jobs?: string;
  readonly json?: boolean;
  readonly dryRun?: boolean;
}

export function define(command: Command): void {
  withJson(command)
    .argument('<url>', 'the superproject')
    .argument('[dir]', 'the folder to make (default: the last part of the url)')
    .option(
      '-b, --branch <ref>',
      'a branch or tag of the superproject (default: its default branch)',
    )
    .option(
      '-a, --attach',
      'be on the branches that components follow, and not detached at the pins; also in later syncs',
    )
    .option('-g, --group <groups>', 'only components of these groups, also in later syncs', several)
    .option('--no-recursive', 'without components of components')
    .option('--depth <n>', 'only so many commits of each repository')
    .option('--reference <dir>', 'borrow objects from another checkout, or a mirror')
    .option('-j, --jobs <n>', 'components and connections at once, at most')
    .option('-n, --dry-run', 'change nothing; print the git commands')
    .action(run);
  withExample(
    command,
    '$ skerry sp clone git@example.org:product/all.git -b 3.11 --attach',
    '$ skerry sp clone git@example.org:product/all.git --depth 1 --group server',
  );
  command.addHelpText(
    'after',
    `
What it makes is what \`git clone --recursive\` makes; stock git goes on with it. A dry run reads the superproject; it does
not see components of components, which show once the component is there.`,
  );
}

async function run(url: string, dir: string | undefined, options: Options): Promise<void> {
  const signal = interruptible('what is there can be gone on with: skerry superproject sync');
  const { Network } = await import('../../superproject/network.ts');
  const { cloneSuperproject } = await import('../../superproject/checkout/clone.ts');
  const jobs = countOf('--jobs', options.jobs);
  const line = progressLine(options);
  const result = await cloneSuperproject(new Network({ signal, jobs }), {
    url,
    dir,
    ref: options.branch,
    attach: options.attach,
    groups: options.group,
    isRecursive: options.recursive,
    depth: countOf('--depth', options.depth),
    reference: options.reference,
    jobs,
    dryRun: options.dryRun,
    onProgress: line.say,
  }).finally(line.end);
  process.exitCode = syncExit(result);
  if (options.json) printJson({ dir: result.dir, ...syncJson(result) });
  else if (options.dryRun) console.log(formatPlan(result));
  else console.log(`${relative(process.cwd(), result.dir) || '.'}: ${formatSync(result)}`);
}
