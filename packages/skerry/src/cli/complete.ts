import type { Command } from 'commander';
import type { CommandEntry } from './commands.ts';
import { buildProgram } from './run-cli.ts';

/** Prints what may come next, one a line. `words` are those after `skerry`; the last is the one being typed. */
export async function complete(
  words: readonly string[],
  commands: readonly CommandEntry[],
): Promise<void> {
  const typed = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const candidates =
    before.length === 0
      ? commands.map(({ name }) => name)
      : await forCommand(before, typed, commands);
  for (const each of candidates) if (each.startsWith(typed)) console.log(each);
}

async function forCommand(
  before: readonly string[],
  typed: string,
  commands: readonly CommandEntry[],
): Promise<string[]> {
  const program = await buildProgram(commands, before);
  const [name, ...rest] = before;
  const found = program.commands.find((each) =>
    [each.name(), ...each.aliases()].includes(name ?? ''),
  );
  if (!found) return [];
  const command = nestedIn(found, rest);
  if (rest.at(-1) === '--lab') return forks();
  if (rest.at(-1) === '--from') return snapshots();
  if (rest.at(-1) === '--only') return provisioners();
  if (typed.startsWith('-')) return command.options.flatMap(({ long }) => (long ? [long] : []));
  if (command.commands.length > 0) return command.commands.map((each) => each.name());
  if (
    rest.at(-1) === '--on' ||
    command.registeredArguments.some((argument) => argument.name() === 'machine')
  )
    return machines();
  if (command.registeredArguments.some((argument) => argument.name() === 'daemon'))
    return daemons();
  if (name === 'snapshot' && ['restore', 'show', 'delete'].includes(command.name()))
    return snapshots();
  if (name === 'image') return (await import('../image/store.ts')).knownImages();
  if (name === 'completion') return ['bash', 'zsh', 'fish'];
  return [];
}

/** The subcommand that words name, as deep as they go. */
function nestedIn(command: Command, [name, ...rest]: readonly string[]): Command {
  const nested = command.commands.find((each) => each.name() === name);
  return nested ? nestedIn(nested, rest) : command;
}

async function snapshots(): Promise<string[]> {
  try {
    const { labOf } = await import('./common.ts');
    const { listSnapshots } = await import('../snapshot/store.ts');
    const { labPaths } = await import('../util/paths.ts');
    const { snapshotsDir } = labPaths(await labOf({}));
    return (await listSnapshots(snapshotsDir)).map(({ name }) => name);
  } catch {
    return [];
  }
}

async function forks(): Promise<string[]> {
  const { listForks } = await import('../lab/forks.ts');
  return (await listForks()).map(({ fork }) => fork);
}

async function daemons(): Promise<string[]> {
  try {
    const { labOf } = await import('./common.ts');
    return (await labOf({})).daemons.map(({ name }) => name);
  } catch {
    return [];
  }
}

async function provisioners(): Promise<string[]> {
  try {
    const { labOf } = await import('./common.ts');
    return (await labOf({})).provision.map(({ name }) => name);
  } catch {
    return [];
  }
}

async function machines(): Promise<string[]> {
  try {
    const { labOf } = await import('./common.ts');
    return (await labOf({})).machines.map(({ name }) => name);
  } catch {
    return [];
  }
}
