import { styleText } from 'node:util';
import type { Command } from 'commander';
import type { MirrorResult } from '../../superproject/mirror/mirror.ts';
import { SP_EXIT } from '../../util/superproject-exit.ts';
import { interruptible, printJson, withExample } from '../common.ts';
import { formatTable } from '../table.ts';
import { countOf, progressLine, type SuperprojectOptions, targetOf, withUrl } from './common.ts';
import { formatCommands } from './format-sync.ts';

interface Options extends SuperprojectOptions {
  readonly prune?: boolean;
  readonly verbose?: boolean;
  readonly dryRun?: boolean;
}

export function define(command: Command): void {
  withUrl(command)
    .argument('<dir>', 'the folder of the mirror; made when it is not there')
    .option('--prune', 'remove branches and tags that are gone on the remotes; commits stay')
    .option('-v, --verbose', 'list new and unchanged ones too')
    .option('-n, --dry-run', 'write nothing; print the git commands')
    .action(run);
  withExample(
    command,
    '$ skerry sp mirror /srv/mirror --url git@example.org:product/all.git',
    '$ git clone --recursive --reference /srv/mirror/super.git git@example.org:product/all.git',
    '$ git -c protocol.file.allow=always clone --recursive /srv/mirror/super.git',
  );
  command.addHelpText(
    'after',
    `
Bare repositories, as they lie to each other on their hosts, so relative urls work. Absolute urls in .gitmodules need
git -c include.path=DIR/gitconfig. Nothing in a mirror is ever thrown away, so repositories may borrow from it. Exit code
5: some components could not be fetched, or a commit names them in a way that is not safe; the rest is there. A dry run
fetches the superproject for a moment, and does not see components of components.`,
  );
}

async function run(dir: string, options: Options): Promise<void> {
  const signal = interruptible('what is fetched stays; the same command goes on from there');
  const { Network } = await import('../../superproject/network.ts');
  const { updateMirrors } = await import('../../superproject/mirror/mirror.ts');
  const target = await targetOf(options, signal);
  const jobs = countOf('--jobs', options.jobs);
  const network = new Network({ signal, cwd: target.root, jobs });
  const line = progressLine(options);
  const about = { url: target.url, dir, isPruning: options.prune, onProgress: line.say };
  if (options.dryRun) {
    const { planMirrors } = await import('../../superproject/mirror/plan-mirror.ts');
    const plan = await planMirrors(network, about).finally(line.end);
    if (plan.refused.length > 0) process.exitCode = SP_EXIT.partial;
    if (options.json) return printJson(plan);
    const notes = plan.refused.map((reason) => `${styleText('yellow', 'refused')}: ${reason}`);
    return console.log([formatCommands(plan.commands), ...notes].join('\n'));
  }
  const result = await updateMirrors(network, about).finally(line.end);
  const { repositories, refused } = result;
  if (refused.length > 0 || repositories.some(({ status }) => status === 'failed'))
    process.exitCode = SP_EXIT.partial;
  if (options.json) printJson(result);
  else console.log(formatMirrors(result, options));
}

function formatMirrors(
  { dir, main, repositories, refused }: MirrorResult,
  { verbose }: Options,
): string {
  const shown = repositories.filter(
    ({ status, gone }) => verbose || status === 'updated' || status === 'failed' || gone.length > 0,
  );
  const word = {
    new: styleText('green', 'new'),
    updated: 'updated',
    unchanged: styleText('dim', 'unchanged'),
    failed: styleText('red', 'failed'),
  };
  const rows = shown.map(({ path, url, status, refs }) => [
    path ?? '-',
    word[status],
    refs > 0 ? String(refs) : '-',
    url,
  ]);
  const table = rows.length > 0 ? [formatTable(['REPOSITORY', 'STATE', 'REFS', 'FROM'], rows)] : [];
  const notes = repositories.flatMap(({ url, reason, gone }) => [
    ...(reason === undefined ? [] : [`${url}: ${reason}`]),
    ...(gone.length > 0
      ? [
          `${styleText('yellow', 'warning')}: ${url} has lost ${gone.length === 1 ? 'a commit that is' : `${gone.length} commits that are`} pinned: ${gone.map((id) => id.slice(0, 12)).join(', ')}`,
        ]
      : []),
  ]);
  notes.push(...refused.map((reason) => `${styleText('yellow', 'refused')}: ${reason}`));
  const fresh = repositories.filter(({ status }) => status === 'new').length;
  const all = repositories.length === 1 ? '1 repository' : `${repositories.length} repositories`;
  const count = `${all}${fresh > 0 ? `, ${fresh} of them new,` : ''}`;
  return [...table, ...notes, `${count} in ${dir}; the superproject is ${main}.`].join('\n');
}
