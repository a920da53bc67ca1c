import { styleText } from 'node:util';
import type { Command } from 'commander';
import { SkerryError } from '../util/errors.ts';
import {
  type CommonOptions,
  interruptible,
  labOf,
  printJson,
  untilInterrupted,
  withExample,
  withJson,
  withLab,
} from './common.ts';

interface Options extends CommonOptions {
  readonly lines: string;
  readonly follow?: boolean;
  readonly system?: boolean;
  readonly raw?: boolean;
}

export function define(command: Command): void {
  withJson(withLab(command))
    .argument('[machine...]', 'names or /regular expressions/ (default: all)')
    .option('-n, --lines <count>', 'how many of the last lines', '40')
    .option('-f, --follow', 'go on printing what is added')
    .option(
      '--system',
      "the logs of the lab's own parts instead of the consoles: sandbox, libvirtd, forwards, sync and QEMU",
    )
    .option('--raw', 'with --system also what every lab logs')
    .action(run);
  withExample(
    command,
    '$ skerry logs agent_1',
    '$ skerry logs --follow',
    '$ skerry logs --system -n 200',
  );
}

async function run(args: string[], options: Options): Promise<void> {
  const count = Number(options.lines);
  if (!Number.isInteger(count) || count < 0)
    throw new SkerryError('USAGE', {
      data: {
        detail: `--lines takes a whole number, not '${options.lines}'`,
        command: 'skerry logs',
      },
    });
  const signal = interruptible();
  const lab = await labOf(options);
  const { machineNames } = await import('../lab-file/select.ts');
  const { followLog, lastLines, logSources } = await import('../lab/logs.ts');
  const machines = args.length > 0 ? machineNames(lab, args) : lab.machines.map(({ name }) => name);
  const all = logSources(lab, machines, options.system === true);
  const sources = options.raw ? all.map(({ name, path }) => ({ name, path })) : all;
  const found = await Promise.all(
    sources.map(async (source) => ({ ...source, lines: await lastLines(source, count) })),
  );
  if (options.json) {
    printJson(found.map(({ name, path, lines }) => ({ name, path, lines: lines ?? [] })));
    return;
  }
  const width = Math.max(...sources.map(({ name }) => name.length));
  const print = (name: string, line: string): void =>
    console.log(sources.length === 1 ? line : `${styleText('cyan', name.padEnd(width))} | ${line}`);
  for (const { name, lines } of found) for (const line of lines ?? []) print(name, line);
  if (found.every(({ lines }) => lines === undefined))
    process.stderr.write('nothing was logged yet\n');
  else if (options.system && !options.raw && found.every(({ lines = [] }) => lines.length === 0))
    process.stderr.write('nothing but what every lab logs: skerry logs --system --raw\n');
  if (!options.follow) return;
  await untilInterrupted(signal, () =>
    Promise.all(
      sources.map((source) => followLog(source, (line) => print(source.name, line), signal)),
    ),
  );
}
