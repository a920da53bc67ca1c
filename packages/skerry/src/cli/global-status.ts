import { styleText } from 'node:util';
import type { Command } from 'commander';
import { formatMiB } from './amounts.ts';
import { printJson, withExample, withJson } from './common.ts';
import { formatTable } from './table.ts';

export function define(command: Command): void {
  withJson(command).action(run);
  withExample(command, '$ skerry global-status');
}

async function run(options: { json?: boolean }): Promise<void> {
  const { globalStatus } = await import('../lab/global-status.ts');
  const labs = await globalStatus();
  if (options.json) printJson(labs);
  else if (labs.length === 0) console.log('No labs. Make one with: skerry init && skerry up');
  else
    console.log(
      formatTable(
        ['ID', 'STATE', 'MACHINES', 'DISK', 'LAB FILE'],
        labs.map(({ id, state, machines, diskBytes, file, fileGone }) => [
          id,
          state === 'running' ? styleText('green', state) : styleText('dim', state),
          String(machines),
          formatMiB(diskBytes),
          file + (fileGone ? styleText('yellow', ' (gone: skerry destroy --id)') : ''),
        ]),
      ),
    );
}
