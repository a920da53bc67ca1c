import type { Command } from 'commander';
import { type CommonOptions, interruptible, labOf, withExample, withLab } from './common.ts';

export function define(command: Command): void {
  withLab(command).argument('[machine]', 'its name (default: the primary machine)').action(run);
  withExample(command, '$ skerry console agent_1     # leave it with Ctrl-]');
}

async function run(name: string | undefined, options: CommonOptions): Promise<void> {
  const signal = interruptible();
  const lab = await labOf(options);
  const { machineNames } = await import('../lab-file/select.ts');
  const primary = lab.machines.find((machine) => machine.primary)?.name ?? '';
  const [machine = primary] = name === undefined ? [primary] : machineNames(lab, [name]);
  const { openLabConsole } = await import('../lab/console.ts');
  const { joinTerminal } = await import('./join-terminal.ts');
  await using console = await openLabConsole(lab, machine, signal);
  process.stderr.write(`Console of ${machine}. Leave it with Ctrl-]; press Enter for a prompt.\n`);
  await joinTerminal(console.stream, { input: process.stdin, output: process.stdout }, signal);
  process.stderr.write('\n');
}
