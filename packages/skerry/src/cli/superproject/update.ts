import { styleText } from 'node:util';
import type { Command } from 'commander';
import type { UpdateResult } from '../../superproject/checkout/update-checkout.ts';
import { printJson, interruptible, withExample } from '../common.ts';
import { formatTable } from '../table.ts';
import {
  countOf,
  progressLine,
  several,
  type SuperprojectOptions,
  targetOf,
  withUrl,
} from './common.ts';
import { formatCommands, workNotes } from './format-sync.ts';
import { SkerryError } from '../../util/errors.ts';

interface Options extends SuperprojectOptions {
  readonly push?: boolean;
  readonly branch?: string;
  readonly group?: readonly string[];
  readonly dryRun?: boolean;
  readonly allowRewind?: boolean;
  readonly allowTorn?: boolean;
}

const SHORT = 12;

export function define(command: Command): void {
  withUrl(command)
    .argument('[paths...]', 'components, or folders of them (default: all)')
    .option('--push', 'move them on the remote in one commit, and not here')
    .option(
      '-b, --branch <branch>',
      'the branch of the superproject (default: the one checked out)',
    )
    .option('-g, --group <groups>', 'only these groups', several)
    .option('-n, --dry-run', 'move nothing; print the git commands')
    .option('--allow-rewind', 'follow a branch that lost commits, too')
    .option('--allow-torn', 'take the last read when no two agree')
    .action(run);
  withExample(
    command,
    '$ skerry sp update',
    '$ skerry sp update libs/net --dry-run',
    '$ skerry sp update --url git@example.org:product/all.git --branch master',
  );
  command.addHelpText(
    'after',
    `
Here it moves work trees and pins, staged: you commit. With --push or --url it makes the commit on the remote, without a
work tree. Either way all branches are read first, and when one component cannot move none does.`,
  );
}

async function run(words: string[], options: Options): Promise<void> {
  const signal = interruptible('nothing is half done');
  const { Network } = await import('../../superproject/network.ts');
  const jobs = countOf('--jobs', options.jobs);
  if (options.push || options.url !== undefined) {
    await runRemote(words, options, signal);
    return;
  }
  const { findRoot } = await import('../../superproject/target.ts');
  const { updateCheckout } = await import('../../superproject/checkout/update-checkout.ts');
  const root = await findRoot(process.cwd(), signal);
  const line = progressLine(options);
  const result = await updateCheckout(new Network({ signal, cwd: root, jobs }), root, {
    words,
    cwd: process.cwd(),
    groups: options.group,
    branch: options.branch,
    allowRewind: options.allowRewind,
    allowTorn: options.allowTorn,
    dryRun: options.dryRun,
    onProgress: line.say,
  }).finally(line.end);
  if (options.json) printJson(result);
  else if (options.dryRun) console.log(formatCommands(result.commands));
  else console.log(formatUpdate(result));
}

async function runRemote(
  words: readonly string[],
  options: Options,
  signal: AbortSignal,
): Promise<void> {
  const { Network } = await import('../../superproject/network.ts');
  const { updateRemote } = await import('../../superproject/update-remote.ts');
  const target = await targetOf(options, signal);
  const branch = options.branch ?? target.branch;
  if (branch === undefined)
    throw new SkerryError('USAGE', {
      data: {
        detail: 'which branch of the superproject? --branch NAME',
        command: 'skerry superproject update',
      },
    });
  const jobs = countOf('--jobs', options.jobs);
  const line = progressLine(options);
  const result = await updateRemote(new Network({ signal, cwd: target.root, jobs }), {
    ...{ url: target.url, branch, only: words, groups: options.group },
    allowRewind: options.allowRewind,
    allowTorn: options.allowTorn,
    dryRun: options.dryRun,
    onProgress: line.say,
  }).finally(line.end);
  const { status, commit, moves, commands } = result;
  const { pinWarnings } = await import('../../superproject/move-pins.ts');
  const warnings = pinWarnings(result);
  const moved = moves.map(({ name, path, branch: follows, from, to, isRewound }) => ({
    ...{ name, path, branch: follows, from, to, isRewound },
  }));
  if (options.json) printJson({ status, commit, moves: moved, warnings, commands });
  else if (options.dryRun) console.log(formatCommands(commands));
  else if (status === 'unchanged') console.log(`Nothing moved since ${commit.slice(0, SHORT)}.`);
  else console.log(`${formatMoves(moved)}\n${branch} is at ${commit.slice(0, SHORT)} now.`);
  if (options.json) return;
  for (const text of warnings) console.log(`${styleText('yellow', 'warning')}: ${text}`);
}

function formatUpdate({ moves, kept }: UpdateResult): string {
  const stay = kept.map(({ path, reason }) => `${path}: stays where it is, ${reason}`);
  if (moves.length === 0) return ['All pins are the tips of their branches.', ...stay].join('\n');
  const count = `${moves.length} ${moves.length === 1 ? 'pin' : 'pins'} moved. Staged: git commit`;
  return [formatMoves(moves), ...moves.flatMap(workNotes), ...stay, count].join('\n');
}

type Row = Pick<UpdateResult['moves'][number], 'path' | 'branch' | 'from' | 'to' | 'isRewound'>;

function formatMoves(moves: readonly Row[]): string {
  const rows = moves.map(({ path, branch, from, to, isRewound }) => [
    path,
    from?.slice(0, SHORT) ?? styleText('green', 'new'),
    to.slice(0, SHORT),
    isRewound ? `${branch} ${styleText('yellow', 'rewound')}` : branch,
  ]);
  return formatTable(['COMPONENT', 'FROM', 'TO', 'BRANCH'], rows);
}
