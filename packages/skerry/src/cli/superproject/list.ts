import { styleText } from 'node:util';
import type { Command } from 'commander';
import { interruptible, printJson, withExample } from '../common.ts';
import { formatTable } from '../table.ts';
import { countOf, several, type SuperprojectOptions, withUrl } from './common.ts';
import { componentsOf } from './components-of.ts';

interface Options extends SuperprojectOptions {
  readonly branch?: string;
  readonly group?: readonly string[];
}

export function define(command: Command): void {
  withUrl(command)
    .argument('[paths...]', 'components, or folders of them (default: all)')
    .option(
      '-b, --branch <branch>',
      "with --url: the superproject's branch (default: its default one)",
    )
    .option('-g, --group <groups>', 'only these groups', several)
    .action(run);
  withExample(
    command,
    '$ skerry sp list',
    '$ skerry sp list --url git@example.org:product/all.git --branch 3.11 --json',
  );
}

async function run(words: string[], options: Options): Promise<void> {
  const { groupsOf, selectFrom } = await import('../../superproject/checkout/select.ts');
  const { shownUrl } = await import('../../superproject/module-url.ts');
  const jobs = countOf('--jobs', options.jobs);
  const about = { url: options.url, branch: options.branch, jobs };
  const found = await componentsOf(about, interruptible());
  const cwd = options.url === undefined ? process.cwd() : found.root;
  const components = selectFrom(found, { words, groups: options.group, cwd });
  if (options.json) {
    printJson(
      components.map(({ name, path, url, remote, branch, pin, ...rest }) => ({
        ...{ name, path, url, remote: shownUrl(remote), branch, pin, groups: groupsOf(rest) },
      })),
    );
    return;
  }
  const rows = components.map(({ path, branch, pin, remote, ...rest }) => [
    path,
    branch ?? styleText('dim', 'default'),
    pin?.slice(0, 12) ?? styleText('yellow', 'none'),
    ...(found.components.some((one) => groupsOf(one).length > 0) ? [groupsOf(rest).join(' ')] : []),
    shownUrl(remote),
  ]);
  const hasGroups = (rows[0]?.length ?? 0) > 4;
  const head = ['COMPONENT', 'BRANCH', 'PIN', ...(hasGroups ? ['GROUPS'] : []), 'URL'];
  console.log(rows.length > 0 ? formatTable(head, rows) : 'No components; add one: skerry sp add');
}
