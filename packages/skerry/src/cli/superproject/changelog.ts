import type { Command } from 'commander';
import type { Changelog } from '../../superproject/changelog/document.ts';
import { SkerryError } from '../../util/errors.ts';
import { SP_EXIT } from '../../util/superproject-exit.ts';
import { interruptible, printJson, withExample } from '../common.ts';
import { countOf, progressLine, type SuperprojectOptions, targetOf, withUrl } from './common.ts';

interface Options extends SuperprojectOptions {
  readonly format?: string;
  readonly merges: boolean;
  readonly nested: boolean;
}

export function define(command: Command): void {
  withUrl(command)
    .argument('<range>', 'two refs of the superproject: 3.11.1..3.11.2')
    .option('--format <format>', 'markdown or json (default: markdown)')
    .option('--no-merges', 'leave merges out of the Markdown')
    .option('--no-nested', 'do not look into components that have components themselves')
    .action(run);
  withExample(
    command,
    '$ skerry sp changelog 3.11.1..3.11.2',
    '$ skerry sp changelog master-nightly-344..master-nightly-345 --json',
    '$ skerry sp changelog 3.11.1..3.11.2 --url git@example.org:product/all.git',
  );
  command.addHelpText(
    'after',
    `
A ref is a branch, a tag or a commit. Of components that moved, the commits are fetched and nothing else; what the
checkout around here has is not fetched. Exit code 5: what the remote of a component no longer has is marked.`,
  );
}

async function run(text: string, options: Options): Promise<void> {
  const isJson = isJsonWanted(options);
  const signal = interruptible();
  const { parseRange } = await import('../../superproject/changelog/range.ts');
  const range = parseRange(text);
  const { Network } = await import('../../superproject/network.ts');
  const { readChangelog } = await import('../../superproject/changelog/changelog.ts');
  const target = await targetOf(options, signal);
  const jobs = countOf('--jobs', options.jobs);
  const network = new Network({ signal, cwd: target.root, jobs });
  const line = progressLine({ json: isJson });
  const log = await readChangelog(network, target, range, {
    noNested: !options.nested,
    onProgress: line.say,
  }).finally(line.end);
  await print(log, isJson, options);
  if (log.sections.some(({ kind }) => kind === 'unread')) process.exitCode = SP_EXIT.partial;
}

async function print(log: Changelog, isJson: boolean, { merges }: Options): Promise<void> {
  if (isJson) {
    const { changelogJson } = await import('../../superproject/changelog/document.ts');
    return printJson(changelogJson(log));
  }
  const { formatMarkdown } = await import('../../superproject/changelog/format-markdown.ts');
  process.stdout.write(formatMarkdown(log, { noMerges: !merges }));
}

function isJsonWanted({ format, json }: Options): boolean {
  if (format === undefined || format === 'markdown') return json === true;
  if (format === 'json') return true;
  const detail = `--format: '${format}' is neither markdown nor json`;
  throw new SkerryError('USAGE', { data: { detail, command: 'skerry superproject changelog' } });
}
