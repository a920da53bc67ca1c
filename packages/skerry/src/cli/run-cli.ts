import { Command, CommanderError } from 'commander';
import { EXIT } from '../util/error-table.ts';
import type { CommandEntry } from './commands.ts';
import { sentence } from './common.ts';
import { isDebug } from './is-debug.ts';
import { printError } from './print-error.ts';
import { reflow } from './reflow.ts';
import { VERSION } from './version.ts';

/** Parses, runs one command and gives the exit code. */
export async function runCli(
  words: readonly string[],
  commands: readonly CommandEntry[],
): Promise<number> {
  if (words[0] === '__complete') {
    const { complete } = await import('./complete.ts');
    await complete(words.slice(1), commands);
    return EXIT.ok;
  }
  const program = await buildProgram(commands, words);
  try {
    await program.parseAsync(withoutHelpOfHelp(program, words), { from: 'user' });
    return Number(process.exitCode ?? EXIT.ok);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    return printError(error, { json: words.includes('--json'), debug: isDebug(words) });
  }
}

/** `skerry help --help` asks for no more than `skerry help`, which commander does not know. */
function withoutHelpOfHelp(program: Command, words: readonly string[]): string[] {
  const [first, ...rest] = words;
  const hasCommands = program.commands.some(
    (command) =>
      [command.name(), ...command.aliases()].includes(first ?? '') && command.commands.length > 0,
  );
  const isHelp = first === 'help' || (hasCommands && rest[0] === 'help');
  return words.filter((word) => !(isHelp && (word === '--help' || word === '-h')));
}

/** The commander program; only the commands in `words` (all, without `words`) get their options. */
export async function buildProgram(
  commands: readonly CommandEntry[],
  words?: readonly string[],
): Promise<Command> {
  const program = new Command('skerry')
    .description(
      'Several real VMs from one file: named, reachable, gone without a trace. Without root.',
    )
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help; also for each command: skerry up --help')
    .helpCommand('help [command]', 'print help for a command')
    .option('--debug', 'print the stack of an error')
    .enablePositionalOptions()
    .configureOutput({
      writeOut: (text) => void process.stdout.write(reflow(text, helpWidth())),
      getOutHelpWidth: helpWidth,
    })
    .showSuggestionAfterError()
    .exitOverride()
    .addHelpText(
      'after',
      `\nExample:\n  $ skerry init && skerry up && skerry ssh\n\nExit codes: 0 ok, 1 failure, 2 usage, 3 not found, 4 conflict, 5 timeout, 130 interrupted.`,
    );
  for (const entry of commands) {
    const command = program
      .command(entry.name)
      .summary(entry.summary)
      .description(sentence(entry.summary));
    if (entry.alias !== undefined) command.alias(entry.alias);
    command.exitOverride().helpOption('-h, --help', 'print this help');
    if (!words || [entry.name, entry.alias].some((name) => name && words.includes(name)))
      await (await entry.load()).define(command);
  }
  hintAtHelp(program, 'skerry');
  return program;
}

/** What is typed wrong for a command is answered with that command's own help. */
function hintAtHelp(command: Command, path: string): void {
  command.configureOutput({
    outputError: (text, write) => write(text.replace(/\n?$/, `\nhint: see ${path} --help\n`)),
  });
  for (const sub of command.commands) hintAtHelp(sub, `${path} ${sub.name()}`);
}

/** Of help: as wide as the terminal, within what is good to read. */
function helpWidth(): number {
  return Math.min(process.stdout.columns || 80, 100);
}
