import { styleText } from 'node:util';
import type { Command } from 'commander';
import type { Network } from '../../superproject/network.ts';
import type { NightlyOptions, NightlyResult } from '../../superproject/nightly.ts';
import { SkerryError } from '../../util/errors.ts';
import { checkRefName } from '../../superproject/ref-name.ts';
import { interruptible, printJson, withExample } from '../common.ts';
import { formatTable } from '../table.ts';
import {
  checkAuthor,
  countOf,
  dateOf,
  formatTagPlan,
  progressLine,
  requiredBranch,
  several,
  type SuperprojectOptions,
  targetOf,
  withUrl,
} from './common.ts';

interface Options extends SuperprojectOptions {
  readonly branch?: string;
  readonly tag?: string;
  readonly only?: readonly string[];
  readonly dryRun?: boolean;
  readonly allowRewind?: boolean;
  readonly allowTorn?: boolean;
  readonly tagComponents?: string;
  readonly identity?: string;
  readonly date?: string;
  readonly sign?: string;
  readonly runKey?: string;
  readonly resume?: boolean;
  readonly reproduce?: string;
}

const SHORT = 12;
const UNHARMED = 'nothing is half done: run it again, and it goes on from what is published';

export function define(command: Command): void {
  withUrl(command)
    .option(
      '-b, --branch <branch>',
      'the branch of the superproject (default: the one checked out)',
    )
    .option('-t, --tag <name>', 'the tag (default: BRANCH-nightly-N, counted on the remote)')
    .option('--only <components>', 'move only these, by name or path', several)
    .option('-n, --dry-run', 'do all but the pushes, and print the git commands')
    .option('--allow-rewind', 'follow a branch that lost commits, too')
    .option('--allow-torn', 'take the last read when no two agree; the commit says so')
    .option('--tag-components <which>', 'tag in components: changed, all or none', 'changed')
    .option('--identity <who>', "author of commit and tag: 'Name <mail>'")
    .option('--date <time>', "the commit's time (default: that of the newest pin)")
    .option('--sign <key>', 'sign commit and tag with this ssh key file')
    .option('--run-key <key>', 'done once for a key: the same key again gives the same nightly')
    .option('--resume', "finish the last nightly's tag in the components, and nothing else")
    .option('--reproduce <tag>', 'make the commit of a nightly anew, and compare')
    .action(run);
  withExample(
    command,
    '$ skerry sp nightly --url git@example.org:product/all.git --branch master',
    '$ skerry sp nightly --dry-run',
    '$ skerry sp nightly --run-key "$CI_PIPELINE_ID" --json',
  );
  command.addHelpText(
    'after',
    `
All branches are read until two reads agree, every new pin is fetched and must come after the old one, and commit and
tag go out in one atomic push. No clone, no work tree. Nothing moved: no commit, no tag, exit code 0.`,
  );
}

async function run(options: Options): Promise<void> {
  if (options.tag !== undefined) checkRefName('--tag', options.tag);
  checkAuthor(options);
  const signal = interruptible(UNHARMED);
  const { Network } = await import('../../superproject/network.ts');
  const target = await targetOf(options, signal);
  const jobs = countOf('--jobs', options.jobs);
  const network = new Network({ signal, cwd: target.root, jobs });
  const { url } = target;
  if (options.reproduce !== undefined) return reproduce(network, url, options.reproduce, options);
  const branch = options.branch ?? requiredBranch(target.branch, 'nightly', '--branch NAME');
  const about = { url, branch, tag: options.tag, tagComponents: whichOf(options) };
  if (options.resume) return resume(network, about, options);
  const { nightly } = await import('../../superproject/nightly.ts');
  const line = progressLine(options);
  const result = await nightly(network, {
    ...about,
    only: options.only,
    dryRun: options.dryRun,
    allowRewind: options.allowRewind,
    allowTorn: options.allowTorn,
    identity: options.identity,
    date: dateOf(options.date),
    signKey: options.sign,
    runKey: options.runKey,
    onProgress: line.say,
  }).finally(line.end);
  if (options.json) printJson(result);
  else console.log(formatNightly(result, options));
}

async function reproduce(
  network: Network,
  url: string,
  tag: string,
  { json }: Options,
): Promise<void> {
  const { reproduceNightly } = await import('../../superproject/reproduce.ts');
  const found = await reproduceNightly(network, { url, tag });
  if (json) return printJson(found);
  const short = found.commit.slice(0, SHORT);
  console.log(`${found.tag} is ${short}, and comes out the same from its pins.`);
}

async function resume(
  network: Network,
  about: Pick<NightlyOptions, 'url' | 'branch' | 'tag' | 'tagComponents'>,
  { json, dryRun, sign }: Options,
): Promise<void> {
  const { leftOutWarnings, resumeNightly } = await import('../../superproject/nightly.ts');
  const found = await resumeNightly(network, { ...about, dryRun, signKey: sign });
  const { tag, created, already, leftOut, commands } = found;
  if (json) return printJson({ tag, created, already, leftOut, commands });
  if (commands.length > 0) return console.log(formatTagPlan(tag, commands));
  const warnings = leftOutWarnings(tag, { created, already, leftOut });
  if (created.length > 0) console.log(`${tag}: tagged ${created.join(', ')}.`);
  else if (warnings.length === 0) console.log(`${tag} is complete.`);
  for (const text of warnings) console.log(`${styleText('yellow', 'warning')}: ${text}`);
}

function formatNightly(result: NightlyResult, { dryRun, runKey }: Options): string {
  const { status, tag, commit, moves, kept, warnings, commands, tagged, rounds } = result;
  const short = commit.slice(0, SHORT);
  const rows = moves.map(({ path, branch, from, to, isRewound }) => [
    path,
    from === undefined ? styleText('green', 'new') : from.slice(0, SHORT),
    to.slice(0, SHORT),
    isRewound ? `${branch} ${styleText('yellow', 'rewound')}` : branch,
  ]);
  const table = rows.length > 0 ? [formatTable(['COMPONENT', 'FROM', 'TO', 'BRANCH'], rows)] : [];
  const notes = [
    ...kept.map(({ name, reason }) => `${name}: kept where it was, ${reason}`),
    ...warnings.map((text) => `${styleText('yellow', 'warning')}: ${text}`),
  ];
  const last = tag === undefined ? '' : ` The last nightly is ${tag}.`;
  const head = {
    published: `${styleText('bold', tag ?? '')}  ${short}  ${moves.length} moved, read ${rounds} times${tagged.length > 0 ? `, tagged in ${tagged.length}` : ''}`,
    unchanged: `Nothing moved since ${short}.${last}`,
    existing: `${styleText('bold', tag ?? 'a nightly')}  ${short}  made before, ${runKey === undefined ? 'and nothing moved since' : 'with the same run key'}`,
    planned: `${styleText('bold', tag ?? '')}  ${short}  would be published. What would be run:`,
  }[status];
  const plan = dryRun ? commands.map((each) => `  ${each}`) : [];
  // That a nightly would be published says so already.
  const announced =
    plan.length > 0 && status !== 'planned' ? [`${head} What would be run:`] : [head];
  return [...announced, ...plan, ...table, ...notes].join('\n');
}

function whichOf({ tagComponents }: Options): 'changed' | 'all' | 'none' {
  if (tagComponents === 'all' || tagComponents === 'none') return tagComponents;
  if (tagComponents === 'changed' || tagComponents === undefined) return 'changed';
  const detail = `--tag-components: '${tagComponents}' is not one of changed, all, none`;
  throw new SkerryError('USAGE', { data: { detail, command: 'skerry superproject nightly' } });
}
