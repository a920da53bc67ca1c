import type { Command } from 'commander';
import { type CommonOptions, labOf, withExample, withLab } from './common.ts';

export function define(command: Command): void {
  withLab(command)
    .argument('[machine]', 'its name (default: the primary machine)')
    .argument('[command...]', 'a command to run there instead of a shell, after --')
    .passThroughOptions()
    .action(run);
  withExample(
    command,
    '$ skerry ssh',
    '$ skerry ssh agent_1',
    '$ skerry ssh agent_1 -- journalctl -fu ssh',
    '$ skerry ssh -- hostname       # on the primary machine',
  );
}

async function run(
  name: string | undefined,
  words: string[],
  options: CommonOptions,
  command: Command,
): Promise<void> {
  const lab = await labOf(options);
  // `skerry ssh -- cmd`: what follows the dashes is a command, even the first word of it.
  const raw = process.argv.slice(2);
  const dashes = raw.indexOf('--');
  const before = dashes < 0 ? undefined : command.args.length - (raw.length - dashes - 1);
  const isCommandOnly = before === 0;
  const { machineNames } = await import('../lab-file/select.ts');
  const primary = lab.machines.find((machine) => machine.primary)?.name ?? '';
  const [machine = primary] =
    name === undefined || isCommandOnly ? [primary] : machineNames(lab, [name]);
  const args = isCommandOnly ? [name ?? '', ...words] : words;
  const { runSsh } = await import('../lab/ssh.ts');
  process.exitCode = await runSsh(
    lab,
    machine,
    args.filter((word) => word !== ''),
  );
}
