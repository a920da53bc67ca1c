import type { Command } from 'commander';
import { withExample } from './common.ts';
import { defineVerbs } from './cloud-verbs.ts';

export async function define(command: Command): Promise<void> {
  await defineVerbs(command, 'hypervisor');
  withExample(
    command,
    '$ skerry hypervisor list',
    '$ skerry hypervisor create-vm hv1 --name web --image debian-12.qcow2',
  );
}
