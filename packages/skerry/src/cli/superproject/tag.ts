import { styleText } from 'node:util';
import type { Command } from 'commander';
import type { TagResult, VerifiedTag } from '../../superproject/tag.ts';
import { checkRefName } from '../../superproject/ref-name.ts';
import { interruptible, printJson, withExample } from '../common.ts';
import { SP_EXIT } from '../../util/superproject-exit.ts';
import { formatTable } from '../table.ts';
import {
  checkAuthor,
  countOf,
  dateOf,
  formatTagPlan,
  progressLine,
  requiredBranch,
  type SuperprojectOptions,
  targetOf,
  withUrl,
} from './common.ts';

interface Options extends SuperprojectOptions {
  readonly from?: string;
  readonly message?: string;
  readonly components?: boolean;
  readonly sign?: string;
  readonly identity?: string;
  readonly date?: string;
  readonly dryRun?: boolean;
  readonly sync?: boolean;
  readonly verify?: boolean;
}

const SHORT = 12;

export function define(command: Command): void {
  withUrl(command)
    .argument('<name>', 'the tag, such as 3.11.2')
    .option('--from <ref>', 'what to tag: a branch or tag (default: the branch checked out)')
    .option('-m, --message <text>', 'what the tag says (default: its name)')
    .option('--components', 'tag the pinned commit in every component too')
    .option('--sign <key>', 'sign it with this ssh key file, with --components in them too')
    .option('--identity <who>', "who tags: 'Name <mail>' (default: as git knows you)")
    .option('--date <time>', 'when (default: now)')
    .option('-n, --dry-run', 'check everything, and print the git commands')
    .option('--sync', 'bring a tag that is there into the components that lack it')
    .option('--verify', 'ask every remote whether the pins are there, kept, and tagged the same')
    .action(run);
  withExample(
    command,
    '$ skerry sp tag 3.11.2 --from 3.11 --components',
    '$ skerry sp tag 3.11.2 --verify',
    '$ skerry sp tag 3.11.2 --sync',
  );
  command.addHelpText('after', '\nA published tag is never moved or deleted by this tool.');
}

async function run(name: string, options: Options): Promise<void> {
  checkRefName('the tag', name);
  checkAuthor(options);
  const signal = interruptible('what is tagged stays; go on with --sync');
  const { Network } = await import('../../superproject/network.ts');
  const { syncTag, tag, verifyTag } = await import('../../superproject/tag.ts');
  const target = await targetOf(options, signal);
  const jobs = countOf('--jobs', options.jobs);
  const network = new Network({ signal, cwd: target.root, jobs });
  const about = { url: target.url, name };
  if (options.verify) return reportVerified(await verifyTag(network, about), options);
  if (options.sync) {
    const { created, already, commands } = await syncTag(network, {
      ...about,
      dryRun: options.dryRun,
      signKey: options.sign,
    });
    if (options.json) printJson({ created, already, commands });
    else if (options.dryRun) console.log(formatTagPlan(name, commands));
    else console.log(`${name}: tagged now ${listOf(created)}; before ${listOf(already)}.`);
    return;
  }
  const { userIdentity } = await import('../../superproject/identity.ts');
  const line = progressLine(options);
  const result = await tag(network, {
    ...about,
    from: options.from ?? requiredBranch(target.branch, 'tag', '--from REF'),
    stamp: {
      identity: options.identity ?? (await userIdentity(target.root, signal)),
      seconds: dateOf(options.date) ?? Math.floor(Date.now() / 1000),
    },
    message: options.message,
    components: options.components,
    signKey: options.sign,
    dryRun: options.dryRun,
    onProgress: line.say,
  }).finally(line.end);
  if (options.json) printJson(result);
  else console.log(formatTagged(result));
}

function formatTagged({ status, name, commit, tagged, commands, warnings }: TagResult): string {
  const count = tagged.length === 1 ? '1 component' : `${tagged.length} components`;
  const where = tagged.length > 0 ? `, and in ${count}` : '';
  const short = commit.slice(0, SHORT);
  const head = {
    published: `${styleText('bold', name)}  on ${short}${where}`,
    existing: `${styleText('bold', name)}  was on ${short} before${where}`,
    planned: `${styleText('bold', name)}  would be put on ${short}. What would be run:`,
  }[status];
  const plan = status === 'planned' ? commands.map((each) => `  ${each}`) : [];
  const notes = warnings.map((text) => `${styleText('yellow', 'warning')}: ${text}`);
  return [head, ...plan, ...notes].join('\n');
}

function reportVerified(found: VerifiedTag, { json, components }: Options): void {
  // Where one component has the tag, all were meant to.
  const isDeep = components || found.components.some(({ tagged }) => tagged === 'same');
  const bad = found.components.filter(
    ({ isReachable, tagged }) =>
      !isReachable || tagged === 'other' || (isDeep && tagged === 'none'),
  );
  // Of a remote that is not reached nobody knows anything.
  const isUnreached = bad.every(({ error }) => error?.exitCode === SP_EXIT.transient);
  if (bad.length > 0) process.exitCode = isUnreached ? SP_EXIT.transient : SP_EXIT.failure;
  if (json) return printJson(found);
  const words = {
    same: 'the same',
    other: styleText('red', 'another commit'),
    none: isDeep ? styleText('red', 'not tagged') : 'not tagged',
  };
  const keeper = (one: VerifiedTag['components'][number]): string => {
    const { isKept, isReachable, isThere, error } = one;
    if (isThere && error) return styleText('red', 'not all in it');
    if (isKept) return 'kept';
    if (isReachable) return styleText('yellow', 'by its branch only');
    return isThere ? styleText('red', 'by nothing') : '';
  };
  const rows = found.components.map((one) => [
    one.name,
    one.pin.slice(0, SHORT),
    one.isThere
      ? styleText('green', 'there')
      : styleText('red', one.error ? 'not reached' : 'gone'),
    keeper(one),
    one.error && !one.isThere ? '' : words[one.tagged],
  ]);
  console.log(formatTable(['COMPONENT', 'PIN', 'ON REMOTE', 'KEPT', 'TAG'], rows));
  for (const { error } of found.components) if (error) console.error(error.message);
}

function listOf(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(', ');
}
