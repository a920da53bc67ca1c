import { shellWord } from '../../util/shell-quote.ts';
import { styleText } from 'node:util';
import type { Command } from 'commander';
import type { VerifiedDeposit } from '../../superproject/escrow/verify.ts';
import { formatMiB } from '../amounts.ts';
import { interruptible, printJson, withExample, withJson } from '../common.ts';
import { VERSION } from '../version.ts';
import { formatTable } from '../table.ts';
import { countOf, progressLine, type SuperprojectOptions, targetOf, withUrl } from './common.ts';
import { formatCommands } from './format-sync.ts';

interface CreateOptions extends SuperprojectOptions {
  readonly sign?: string;
  readonly since?: string;
  readonly dryRun?: boolean;
}
interface VerifyOptions {
  readonly json?: boolean;
  readonly allowedSigners?: string;
}

export function define(command: Command): void {
  const create = withUrl(
    command
      .command('create')
      .description('Put all of a ref, with every component and its history, into a folder.'),
  );
  create
    .argument('<ref>', 'a tag, a branch or a full commit id')
    .argument('<dir>', 'the folder; not there yet, or empty')
    .option('--since <deposit>', 'pack only what is new since an older one, which is needed then')
    .option('--sign <key>', 'sign the list of hashes with this ssh key file')
    .option('-n, --dry-run', 'write nothing; print what would be fetched, and where it would be');
  withExample(create.action(runCreate), '$ skerry sp escrow create 3.11.2 /backup/3.11.2');
  const verify = withJson(
    command
      .command('verify')
      .description('Prove a deposit: hashes, a restore without network, git fsck.'),
  );
  verify
    .argument('<dir>', 'the deposit')
    .option('--allowed-signers <file>', 'it has to be signed by one of these (ssh-keygen(1))');
  withExample(verify.action(runVerify), '$ skerry sp escrow verify /backup/3.11.2');
  const restore = withJson(
    command
      .command('restore')
      .description('Make a clone with all components from a deposit, without network.'),
  );
  restore
    .argument('<dir>', 'the deposit')
    .argument('<target>', 'not there yet, or empty')
    .option('-n, --dry-run', 'check all hashes, write nothing; print the git commands');
  withExample(restore.action(runRestore), '$ skerry sp escrow restore /backup/3.11.2 work');
  withExample(
    command,
    '$ skerry sp escrow create 3.11.2 /backup/3.11.2 --sign ~/.ssh/id_ed25519',
    '$ skerry sp escrow verify /backup/3.11.2',
    '$ skerry sp escrow restore /backup/3.11.2 work',
  );
  command.addHelpText(
    'after',
    `
A deposit needs no Skerry: its README.txt says how stock git restores it. Exit code 1 of verify: it is damaged.`,
  );
}

async function runCreate(ref: string, dir: string, options: CreateOptions): Promise<void> {
  const signal = interruptible('no half of a deposit is left');
  const { Network } = await import('../../superproject/network.ts');
  const { createEscrow } = await import('../../superproject/escrow/create.ts');
  const target = await targetOf(options, signal);
  const jobs = countOf('--jobs', options.jobs);
  const network = new Network({ signal, cwd: target.root, jobs });
  const line = progressLine(options);
  if (options.dryRun) {
    const { planEscrow } = await import('../../superproject/escrow/plan-escrow.ts');
    const { since } = options;
    const plan = await planEscrow(network, { url: target.url, ref, dir, since }).finally(line.end);
    if (options.json) return printJson(plan);
    const places = plan.repositories.map(({ path, url }) => [path, url]);
    return console.log(
      [...plan.commands, formatTable([`IN ${plan.dir}`, 'FROM'], places)].join('\n'),
    );
  }
  const deposit = await createEscrow(network, {
    ...{
      url: target.url,
      ref,
      dir,
      signKey: options.sign,
      since: options.since,
      onProgress: line.say,
    },
    tool: { name: 'skerry', version: VERSION },
  }).finally(line.end);
  if (options.json) return printJson(deposit);
  const { manifest, sha256, isSigned } = deposit;
  const { components, repositories, source, lfs } = manifest;
  const lines = [
    `${styleText('bold', manifest.branchOrTag)}  ${manifest.commit.slice(0, 12)}  ${components.length - 1} components, ${repositories.length} repositories, ${source.entries} files and folders, ${formatMiB(source.bytes)} of source`,
    `${deposit.dir}${isSigned ? ', signed' : ''}`,
    `SHA-256 of SHA256SUMS, which stands for all: ${sha256}`,
  ];
  if (lfs.length > 0)
    lines.push(
      `${styleText('yellow', 'warning')}: ${lfs.length} files are in Git LFS; their content is not in the deposit`,
    );
  lines.push(`Prove it with: skerry superproject escrow verify ${shellWord(dir)}`);
  console.log(lines.join('\n'));
}

async function runVerify(dir: string, options: VerifyOptions): Promise<void> {
  const signal = interruptible();
  const { verifyEscrow } = await import('../../superproject/escrow/verify.ts');
  const line = progressLine(options);
  const { allowedSigners } = options;
  const found = await verifyEscrow(dir, { signal, allowedSigners, onProgress: line.say }).finally(
    line.end,
  );
  if (found.damaged.length > 0) process.exitCode = 1;
  if (options.json) printJson(found);
  else console.log(formatVerified(found));
}

function formatVerified({
  dir,
  damaged,
  signer,
  files,
  repositories,
  ...rest
}: VerifiedDeposit): string {
  if (damaged.length > 0)
    return [
      styleText('red', `${dir} is not as it was made:`),
      ...damaged.map(({ path, problem }) => `  ${path}: ${problem}`),
    ].join('\n');
  const by = signer && `${signer.principal ?? 'somebody not checked'}, ${signer.key}`;
  return [
    `${styleText('green', 'whole')}  ${rest.branchOrTag}  ${rest.commit?.slice(0, 12)}  ${files} files and pins compared, ${repositories} repositories checked, restored without network`,
    signer ? `signed by ${by}` : 'not signed',
    `SHA-256 of SHA256SUMS: ${rest.sha256}`,
  ].join('\n');
}

async function runRestore(
  dir: string,
  target: string,
  options: { json?: boolean; dryRun?: boolean },
): Promise<void> {
  const signal = interruptible('nothing is left of it');
  const { planRestore, restoreEscrow } = await import('../../superproject/escrow/restore.ts');
  const line = progressLine(options);
  if (options.dryRun) {
    const about = { signal, onProgress: line.say };
    const plan = await planRestore(dir, target, about).finally(line.end);
    if (options.json) printJson(plan);
    else console.log(formatCommands(plan.commands));
    return;
  }
  const restored = await restoreEscrow(dir, target, { signal, onProgress: line.say }).finally(
    line.end,
  );
  if (options.json) return printJson(restored);
  const { branchOrTag, commit } = restored.manifest;
  console.log(`${branchOrTag} (${commit.slice(0, 12)}) is in ${restored.target}.`);
}
