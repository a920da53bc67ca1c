import { styleText } from 'node:util';
import type { Command } from 'commander';
import type {
  PinChange,
  SuperprojectEntry,
} from '../../superproject/changelog/superproject-log.ts';
import { interruptible, printJson, withExample } from '../common.ts';
import { countOf, type SuperprojectOptions, targetOf, withUrl } from './common.ts';

interface Options extends SuperprojectOptions {
  readonly maxCount?: string;
}

const SHORT = 12;

export function define(command: Command): void {
  withUrl(command)
    .argument('[range]', 'A..B, or one ref for all its history (default: HEAD)')
    .option('-n, --max-count <n>', 'that many commits at most')
    .action(run);
  withExample(command, '$ skerry sp log 3.11.1..3.11.2', '$ skerry sp log master -n 20');
  command.addHelpText(
    'after',
    `
The commits of the superproject's branch with the pins each of them moved. What is in those moves: skerry sp changelog.`,
  );
}

async function run(text: string | undefined, options: Options): Promise<void> {
  const signal = interruptible();
  const { parseRange } = await import('../../superproject/changelog/range.ts');
  const question = text?.includes('..') ? parseRange(text) : { to: text ?? 'HEAD' };
  const limit = countOf('--max-count', options.maxCount);
  const { Network } = await import('../../superproject/network.ts');
  const { readLog } = await import('../../superproject/changelog/superproject-log.ts');
  const target = await targetOf(options, signal);
  const jobs = countOf('--jobs', options.jobs);
  const network = new Network({ signal, cwd: target.root, jobs });
  const entries = await readLog(network, target, { ...question, limit });
  if (!options.json) return await print(entries);
  const { isoTime } = await import('../../superproject/changelog/commit-log.ts');
  printJson(entries.map(({ seconds, ...rest }) => ({ ...rest, date: isoTime(seconds) })));
}

async function print(entries: readonly SuperprojectEntry[]): Promise<void> {
  const { dayOf, plainText } = await import('../../superproject/changelog/format-markdown.ts');
  const isoDay = (seconds: number): string => styleText('dim', dayOf(seconds));
  const lines = entries.flatMap(({ id, seconds, subject, moves, files }) => [
    `${styleText('yellow', id.slice(0, SHORT))} ${isoDay(seconds)} ${plainText(subject)}`,
    ...moves.map((move) => `  ${plainText(move.path)}  ${formatMove(move)}`),
    ...(files > 0 ? [`  ${files === 1 ? '1 file' : `${files} files`} of its own`] : []),
  ]);
  console.log(lines.length > 0 ? lines.join('\n') : 'No commits.');
}

function formatMove({ from, to }: PinChange): string {
  if (from === undefined) return `${styleText('green', 'added')} at ${to?.slice(0, SHORT)}`;
  if (to === undefined) return `${styleText('red', 'removed')}, was at ${from.slice(0, SHORT)}`;
  return `${from.slice(0, SHORT)}..${to.slice(0, SHORT)}`;
}
