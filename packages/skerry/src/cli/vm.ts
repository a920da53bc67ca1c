import type { Command } from 'commander';
import { withExample } from './common.ts';
import { defineVerbs } from './cloud-verbs.ts';

export async function define(command: Command): Promise<void> {
  await defineVerbs(command, 'vm');
  withExample(
    command,
    '$ skerry vm list',
    '$ skerry vm start web',
    '$ skerry vm migrate web --target hv2',
  );
}
