import type { Command } from 'commander';
import type { Network } from '../../superproject/network.ts';
import { interruptible, printJson, withJson } from '../common.ts';
import { countOf, progressLine } from './common.ts';
import { formatCommands } from './format-sync.ts';

export interface EditFlags {
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly jobs?: string;
}

/** The options of every command that changes a checkout. */
export function withEdit(command: Command): Command {
  return withJson(command).option('-n, --dry-run', 'change nothing; print the git commands');
}

/** Runs a change in the checkout around here, and prints what became of it, or would. */
export async function runEdit<T extends { readonly commands: readonly string[] }>(
  options: EditFlags,
  work: (about: {
    network: Network;
    root: string;
    onProgress: (text: string) => void;
  }) => Promise<T>,
  format: (result: T) => string,
): Promise<T> {
  const signal = interruptible('nothing is half done');
  const { findRoot } = await import('../../superproject/target.ts');
  const { Network } = await import('../../superproject/network.ts');
  const root = await findRoot(process.cwd(), signal);
  const network = new Network({ signal, cwd: root, jobs: countOf('--jobs', options.jobs) });
  const line = progressLine(options);
  const result = await work({ network, root, onProgress: line.say }).finally(line.end);
  if (options.json) printJson(result);
  else console.log(options.dryRun ? formatCommands(result.commands) : format(result));
  return result;
}
