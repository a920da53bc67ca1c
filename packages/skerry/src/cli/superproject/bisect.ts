import { styleText } from 'node:util';
import type { Command } from 'commander';
import type { BisectResult, Suspect } from '../../superproject/bisect/bisect.ts';
import { SkerryError } from '../../util/errors.ts';
import { interruptible, printJson, withExample } from '../common.ts';
import { countOf, type SuperprojectOptions, targetOf, withUrl } from './common.ts';

interface Options extends SuperprojectOptions {
  readonly good?: string;
  readonly bad?: string;
  readonly tags?: string;
  readonly reset?: boolean;
}

const SHORT = 12;

export function define(command: Command): void {
  withUrl(command)
    .argument('<command...>', 'what tells good from bad by its exit code, after --')
    .requiredOption('--good <ref>', 'a commit, branch or tag of the superproject that works')
    .requiredOption('--bad <ref>', 'a later one that does not')
    .option('--tags <pattern>', "test only commits with such a tag: 'master-nightly-*'")
    .option('--reset', 'begin anew, not where the same command was interrupted')
    .action(run);
  withExample(
    command,
    '$ skerry sp bisect --good 3.11.1 --bad 3.11.2 -- make check',
    "$ skerry sp bisect --good master-nightly-340 --bad master-nightly-345 --tags 'master-nightly-*' -- ./test.sh",
  );
  command.addHelpText(
    'after',
    `
The command runs in a clone of the superproject with all its components, first at both ends. Exit codes as for git bisect run: 0 good,
125 cannot be tested, 1 to 127 bad, others end the search. What it prints goes to stderr. After Ctrl-C the same
command goes on from there.`,
  );
}

async function run(command: string[], options: Options): Promise<void> {
  const signal = interruptible('what was found out is kept; the same command goes on from there');
  const { Network } = await import('../../superproject/network.ts');
  const { bisect } = await import('../../superproject/bisect/bisect.ts');
  const { good, bad } = options;
  if (good === undefined || bad === undefined)
    throw new SkerryError('USAGE', {
      data: {
        detail: 'which ref is good, and which is bad?',
        command: 'skerry superproject bisect',
      },
    });
  const target = await targetOf(options, signal);
  const jobs = countOf('--jobs', options.jobs);
  const network = new Network({ signal, cwd: target.root, jobs });
  const result = await bisect(network, target, {
    ...{ good, bad, command, tags: options.tags, isAnew: options.reset },
    onStep: (text) => process.stderr.write(`bisect: ${text}\n`),
  });
  if (!options.json) return await print(result);
  const { isoTime } = await import('../../superproject/changelog/commit-log.ts');
  const entry = ({ seconds, ...rest }: BisectResult['bad']): unknown => ({
    ...rest,
    date: isoTime(seconds),
  });
  printJson({ ...result, bad: entry(result.bad), commit: result.commit && entry(result.commit) });
}

async function print(result: BisectResult): Promise<void> {
  const { plainText } = await import('../../superproject/changelog/format-markdown.ts');
  const { bad, suspects, commit, untested, untestedCommits, runs, remembered } = result;
  const id = styleText('bold', bad.id.slice(0, SHORT));
  const lines = [`First bad: ${id} ${plainText(bad.subject)}`];
  const name = result.name === undefined ? 'It' : styleText('bold', plainText(result.name));
  if (suspects.length === 1 && suspects[0])
    lines.push(`${name} broke ${formatSuspect(suspects[0])}.`);
  else
    lines.push(
      `${name} broke in one of these:`,
      ...suspects.map((each) => `  ${formatSuspect(each)}`),
    );
  if (commit)
    lines.push(
      `There, the first bad commit is ${styleText('bold', commit.id.slice(0, SHORT))} ${plainText(commit.subject)} (${plainText(commit.author)}).`,
    );
  const open = [...untested, ...untestedCommits];
  if (open.length > 0)
    lines.push(
      `Not tested, so it may be one of them as well: ${open.map((id) => id.slice(0, SHORT)).join(', ')}`,
    );
  lines.push(
    `${runs} ${runs === 1 ? 'test' : 'tests'}${remembered > 0 ? `, and ${remembered} of an earlier run` : ''}.`,
  );
  console.log(lines.join('\n'));
}

function formatSuspect({ path, from, to }: Suspect): string {
  const name = path === '.' ? "in the superproject's own files" : `between ${path}`;
  if (from === undefined) return `by adding ${path} at ${to?.slice(0, SHORT)}`;
  if (to === undefined) return `by removing ${path}, which was at ${from.slice(0, SHORT)}`;
  return `${name} ${from.slice(0, SHORT)}..${to.slice(0, SHORT)}`;
}
