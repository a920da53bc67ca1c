import type { Command } from 'commander';
import { sentence, withExample } from './common.ts';
import { SUPERPROJECT_COMMANDS } from './superproject/commands.ts';

export async function define(command: Command): Promise<void> {
  for (const { name, summary, load } of SUPERPROJECT_COMMANDS) {
    const sub = command.command(name).summary(summary);
    sub.description(sentence(summary));
    await (await load()).define(sub);
  }
  withExample(
    command,
    '$ skerry sp clone git@example.org:product/all.git -b 3.11',
    '$ skerry sp nightly --url git@example.org:product/all.git --branch master',
    '$ skerry sp changelog 3.11.1..3.11.2',
  );
  command.addHelpText(
    'after',
    `
A superproject is a git repository that pins commits of others with plain submodules: what is made here works with
stock git. If your components always change together, one repository is simpler: skerry sp status --coupling.

Exit codes: 0 done, or nothing to do; 1 failure, or drift with --exit-code; 2 usage; 3 refused by a rule; 4 a network
failure that may pass; 5 partly done: the same command goes on from there.`,
  );
}
