import type { Command } from 'commander';
import { SkerryError } from '../util/errors.ts';
import {
  type CommonOptions,
  interruptible,
  labOf,
  untilInterrupted,
  withExample,
  withJson,
  withLab,
} from './common.ts';

interface Options extends CommonOptions {
  readonly plain?: boolean;
}

export function define(command: Command): void {
  withJson(withLab(command))
    .argument('[daemon...]', 'names or /regular expressions/ (default: all)')
    .option('--plain', 'print lines, one after the other, also in a terminal')
    .action(run);
  withExample(command, '$ skerry up && skerry hack', '$ skerry hack api --plain');
  command.addHelpText(
    'after',
    `
Each time you save, it builds what needs it, sends what changed to the machines, and restarts the daemons whose
\`watch\` matches. When one does not get ready, the files from before come back and run again. The next save breaks off what is under way.`,
  );
}

async function run(names: string[], options: Options): Promise<void> {
  const signal = interruptible();
  const lab = await labOf(options);
  const { daemonNames } = await import('../lab-file/select-daemons.ts');
  const { hack } = await import('../lab/hack.ts');
  const { hackView } = await import('./hack-view.ts');
  if (!lab.trees.some(({ mode }) => mode === 'push'))
    throw new SkerryError('SYNC_NONE', { data: { lab: lab.name, where: '' } });
  const daemons = names.length > 0 ? daemonNames(lab, names) : lab.daemons.map(({ name }) => name);
  const view = hackView(lab, daemons, {
    isJson: options.json === true,
    isLive: !options.plain && process.stdout.isTTY && !process.env.CI,
  });
  try {
    await untilInterrupted(signal, () => hack(lab, { daemons, signal, onEvent: view.onEvent }));
  } finally {
    view.end();
  }
}
