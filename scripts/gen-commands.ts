import type { EventEmitter } from 'node:events';
import { COMMANDS } from '../packages/skerry/src/cli/commands.ts';
import { buildProgram } from '../packages/skerry/src/cli/run-cli.ts';

type Command = Awaited<ReturnType<typeof buildProgram>>;
type Argument = Command['registeredArguments'][number];
type Option = Command['options'][number];

const INTRO = `# Commands

<!-- Made by \`npm run gen\` from packages/skerry/src/cli/: change it there. -->

\`skerry --help\` and \`skerry COMMAND --help\` print the same.

Where a command takes machines, it takes names of the [lab file](lab-file.md) and regular expressions between slashes
(\`'/agent_.*/'\`, in quotes for the shell). \`--json\` prints data on standard output and nothing else there; progress goes
to standard error. Errors are then JSON too, on standard output. The exit codes are the same for all commands: see [Errors](errors.md#exit-codes).
`;

/** docs/reference/commands.md: every command of the program, independent of the terminal it is made in. */
export async function commandsPage(): Promise<string> {
  const program = await buildProgram(COMMANDS);
  const all = program.commands.flatMap(withNested);
  const index = program.commands.map(
    (command) =>
      `| [\`${pathOf(command)}\`](#${anchorOf(command)}) | ${escape(command.summary())} |`,
  );
  return [
    INTRO,
    '| command | what it does |',
    '|---|---|',
    ...index,
    '',
    '## Options of skerry itself\n',
    ...table('option', program.options.map(optionRow)),
    ...all.flatMap(section),
  ].join('\n');
}

/** A command, its subcommands, and theirs. */
function withNested(command: Command): Command[] {
  return [command, ...command.commands.flatMap((each) => withNested(each))];
}

function section(command: Command): string[] {
  const isNested = command.parent?.parent !== null;
  return [
    `${isNested ? '###' : '##'} ${pathOf(command)}\n`,
    `${command.description()}\n`,
    ...(command.commands.length > 0
      ? []
      : ['```', `${pathOf(command)} ${usageOf(command)}`.trimEnd(), '```\n']),
    ...table('argument', command.registeredArguments.map(argumentRow)),
    ...table('option', command.options.map(optionRow)),
    ...after(command),
  ];
}

/** The words after the command: commander's own usage says [options] even where there are none. */
function usageOf(command: Command): string {
  const words = command.registeredArguments.map((argument) => {
    const name = argument.name() + (argument.variadic ? '...' : '');
    return argument.required ? `<${name}>` : `[${name}]`;
  });
  return [...(command.options.length > 0 ? ['[options]'] : []), ...words].join(' ');
}

/** What `addHelpText('after')` adds: the example as a block, and whatever follows it as text. */
function after(command: Command): string[] {
  let text = '';
  const write = (part: string): string => (text += part);
  // Commands are event emitters, which their types do not say.
  (command as unknown as EventEmitter).emit('afterHelp', { error: false, command, write });
  const lines = text.split('\n').map((line) => line.replace(/^ {2}/, '').trimEnd());
  const examples = lines.filter((line) => line.startsWith('$ '));
  const rest = lines.filter((line) => line !== '' && line !== 'Example:' && !line.startsWith('$ '));
  return [
    ...(examples.length > 0 ? ['```sh', ...examples, '```\n'] : []),
    ...rest.map((line) => `${escape(line)}\n`),
  ];
}

function table(head: string, rows: readonly string[]): string[] {
  return rows.length === 0 ? [] : [`| ${head} | meaning | default |`, '|---|---|---|', ...rows, ''];
}

function argumentRow(argument: Argument): string {
  const choices = argument.argChoices ? `: ${argument.argChoices.join(', ')}` : '';
  return row(
    argument.name(),
    `${argument.description}${choices}`,
    argument.defaultValue as string | undefined,
  );
}

function optionRow({ flags, description, defaultValue }: Option): string {
  return row(flags, description, defaultValue as string | undefined);
}

function row(name: string, meaning: string, fallback: string | undefined): string {
  // Some descriptions end in a default that is no value.
  const [, plain = meaning, words] = /^(.*?) \(default: (.*)\)$/.exec(meaning) ?? [];
  const value = fallback === undefined ? (words ?? '') : `\`${fallback}\``;
  return `| \`${name}\` | ${escape(plain)} | ${fallback === undefined ? escape(value) : value} |`;
}

function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}

function anchorOf(command: Command): string {
  return pathOf(command).replaceAll(' ', '-');
}

function escape(text: string): string {
  return text.replaceAll(/[|<>]/g, String.raw`\$&`);
}
