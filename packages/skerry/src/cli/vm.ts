import type { Command } from 'commander';
import { withExample } from './common.ts';
import { defineVerbs } from './cloud-verbs.ts';
import { defineConsole, defineSsh } from './vm-terminal.ts';

export async function define(command: Command): Promise<void> {
  await defineVerbs(command, 'vm');
  defineConsole(command);
  defineSsh(command);
  withExample(
    command,
    '$ skerry vm list',
    '$ skerry vm start web',
    '$ skerry vm ssh web',
    '$ skerry vm migrate web --target hv2',
  );
}
