import type { Command } from 'commander';
import type { SuperprojectStatus } from '../../superproject/checkout/status.ts';
import type { Network } from '../../superproject/network.ts';
import { interruptible, printJson, withExample } from '../common.ts';
import { countOf, progressLine, several, type SuperprojectOptions, withUrl } from './common.ts';
import { formatStatus, statusExit, statusJson } from './format-status.ts';

interface Options extends SuperprojectOptions {
  readonly remote?: boolean;
  readonly count?: boolean;
  readonly branch?: string;
  readonly all?: boolean;
  readonly exitCode?: boolean;
  readonly coupling?: boolean;
  readonly group?: readonly string[];
}

export function define(command: Command): void {
  withUrl(command)
    .alias('drift')
    .argument('[paths...]', 'components, or folders of them (default: all)')
    .option('-r, --remote', 'ask the remotes too; nothing is cloned')
    .option('-c, --count', 'and fetch how many commits pins are behind, without their files')
    .option('-b, --branch <branch>', "the superproject's branch (default: the one checked out)")
    .option('-a, --all', 'show the components that differ in nothing, too')
    .option('-g, --group <groups>', 'only these groups', several)
    .option('--coupling', 'show instead which components move together, from history')
    .option('--exit-code', 'exit with 1 when something differs')
    .action(run);
  withExample(
    command,
    '$ skerry sp status',
    '$ skerry sp status --remote --exit-code',
    '$ skerry sp status --count',
    '$ skerry sp status --url git@example.org:product/all.git --branch 3.11',
  );
}

async function run(words: string[], options: Options): Promise<void> {
  const signal = interruptible();
  if (options.coupling) {
    const { showCoupling } = await import('./coupling.ts');
    await showCoupling(options, signal);
    return;
  }
  const line = progressLine(options);
  const status = await statusOf(words, options, signal, line.say).finally(line.end);
  if (options.exitCode) process.exitCode = statusExit(status);
  if (options.json) printJson(statusJson(status));
  else console.log(formatStatus(status, { isAll: options.all }));
}

async function statusOf(
  words: readonly string[],
  options: Options,
  signal: AbortSignal,
  onProgress: (text: string) => void,
): Promise<SuperprojectStatus> {
  const { Network } = await import('../../superproject/network.ts');
  const { checkoutStatus } = await import('../../superproject/checkout/status.ts');
  const jobs = countOf('--jobs', options.jobs);
  const { url, branch } = options;
  if (url !== undefined)
    return statusOfUrl(new Network({ signal, jobs }), { ...options, url, words, onProgress });
  const { findRoot } = await import('../../superproject/target.ts');
  const root = await findRoot(process.cwd(), signal);
  return checkoutStatus(new Network({ signal, cwd: root, jobs }), root, {
    words,
    cwd: process.cwd(),
    groups: options.group,
    branch,
    isRemote: options.remote || options.count,
    isCounting: options.count,
    onProgress,
  });
}

async function statusOfUrl(
  network: Network,
  {
    url,
    branch,
    group,
    count,
    words,
    onProgress,
  }: Options & { url: string; words: readonly string[]; onProgress: (text: string) => void },
): Promise<SuperprojectStatus> {
  const { Scratch } = await import('../../superproject/scratch.ts');
  const { readBranch } = await import('../../superproject/read-branch.ts');
  const { selectFrom } = await import('../../superproject/checkout/select.ts');
  const { remoteOnlyStatus } = await import('../../superproject/checkout/status.ts');
  await using scratch = await Scratch.create();
  const found = await readBranch(network, scratch, { url, branch });
  const { components } = found.superproject;
  const chosen = selectFrom({ root: '/', components }, { words, groups: group });
  return remoteOnlyStatus(network, chosen, {
    ...{ branch: found.branch, onProgress, isCounting: count },
  });
}
