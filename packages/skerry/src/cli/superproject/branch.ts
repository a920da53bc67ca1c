import { styleText } from 'node:util';
import type { Command } from 'commander';
import type { BranchResult } from '../../superproject/branch.ts';
import { checkRefName } from '../../superproject/ref-name.ts';
import { interruptible, printJson, withExample } from '../common.ts';
import { formatTable } from '../table.ts';
import {
  checkAuthor,
  countOf,
  pairsOf,
  progressLine,
  requiredBranch,
  several,
  type SuperprojectOptions,
  targetOf,
  withUrl,
} from './common.ts';

interface Options extends SuperprojectOptions {
  readonly from?: string;
  readonly except?: readonly string[];
  readonly inherit?: boolean;
  readonly identity?: string;
  readonly sign?: string;
  readonly dryRun?: boolean;
}

const SHORT = 12;

export function define(command: Command): void {
  withUrl(command)
    .argument('<name>', 'the new branch, such as 3.11')
    .option('--from <ref>', 'the tag or branch to begin at (default: the branch checked out)')
    .option('--except <component=branch>', 'let this one follow another branch, as c=dev', several)
    .option('--inherit', "write 'branch = .' into .gitmodules: the superproject's own branch")
    .option('--identity <who>', "author of the commit: 'Name <mail>'")
    .option('--sign <key>', 'sign the commit with this ssh key file')
    .option('-n, --dry-run', 'check everything, and print the git commands')
    .action(run);
  withExample(
    command,
    '$ skerry sp branch 3.11 --from master-nightly-345',
    '$ skerry sp branch 3.11 --from master-nightly-345 --except c=dev --dry-run',
  );
  command.addHelpText(
    'after',
    `
The branch is made in every component at the commit the superproject pins, then in the superproject, whose .gitmodules
says branch = <name>. Everything is checked first. Interrupted on the way: the same command goes on.`,
  );
}

async function run(name: string, options: Options): Promise<void> {
  checkRefName('the branch', name);
  checkAuthor(options);
  const signal = interruptible('run the same command again, and it goes on');
  const { Network } = await import('../../superproject/network.ts');
  const { branch } = await import('../../superproject/branch.ts');
  const target = await targetOf(options, signal);
  const jobs = countOf('--jobs', options.jobs);
  const network = new Network({ signal, cwd: target.root, jobs });
  const line = progressLine(options);
  const result = await branch(network, {
    url: target.url,
    name,
    from: options.from ?? requiredBranch(target.branch, 'branch', '--from REF'),
    except: pairsOf('--except', options.except),
    inherit: options.inherit,
    identity: options.identity,
    signKey: options.sign,
    dryRun: options.dryRun,
    onProgress: line.say,
  }).finally(line.end);
  if (options.json) printJson(result);
  else console.log(formatBranch(result));
}

function formatBranch({
  status,
  name,
  commit,
  components,
  commands,
  warnings,
}: BranchResult): string {
  const made = components.filter(({ state }) => state === 'create').length;
  const others = components.filter(({ state }) => state === 'other').length;
  const rest = others === 0 ? '' : `; ${others} ${others === 1 ? 'follows' : 'follow'} another`;
  const head = {
    published: `${styleText('bold', name)}  ${commit.slice(0, SHORT)}  made in ${made} ${made === 1 ? 'component' : 'components'}${rest}`,
    existing: `${styleText('bold', name)}  ${commit.slice(0, SHORT)}  is there already, the same`,
    planned: `${styleText('bold', name)}  ${commit.slice(0, SHORT)}  would be made. What would be run:`,
  }[status];
  const plan = status === 'planned' ? commands.map((each) => `  ${each}`) : [];
  const words = {
    create: 'new',
    there: 'there',
    ahead: 'there, with newer commits',
    other: 'as told',
  };
  const rows = components.map(({ name: component, branch, pin, state }) => [
    component,
    branch,
    pin.slice(0, SHORT),
    words[state],
  ]);
  const notes = warnings.map((text) => `${styleText('yellow', 'warning')}: ${text}`);
  return [head, ...plan, formatTable(['COMPONENT', 'BRANCH', 'PIN', ''], rows), ...notes].join(
    '\n',
  );
}
