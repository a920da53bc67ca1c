import { styleText } from 'node:util';
import type { Command } from 'commander';
import type { PinnedComponent } from '../../superproject/read-superproject.ts';
import { interruptible, printJson, withExample } from '../common.ts';
import { formatTable } from '../table.ts';
import { countOf, several, type SuperprojectOptions, withUrl } from './common.ts';

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
  const found = await componentsOf(options);
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

async function componentsOf({
  url,
  branch,
  jobs,
}: Options): Promise<{ root: string; components: readonly PinnedComponent[] }> {
  const signal = interruptible();
  if (url === undefined) {
    const { findRoot } = await import('../../superproject/target.ts');
    const { readCheckout } = await import('../../superproject/checkout/checkout.ts');
    return readCheckout(await findRoot(process.cwd(), signal), signal);
  }
  const { Network } = await import('../../superproject/network.ts');
  const { Scratch } = await import('../../superproject/scratch.ts');
  const { readBranch } = await import('../../superproject/read-branch.ts');
  await using scratch = await Scratch.create();
  const network = new Network({ signal, jobs: countOf('--jobs', jobs) });
  const { superproject } = await readBranch(network, scratch, { url, branch });
  return { root: '/', components: superproject.components };
}
