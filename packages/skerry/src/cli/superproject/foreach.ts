import { styleText } from 'node:util';
import type { Command } from 'commander';
import { interruptible, printJson, withExample, withJson } from '../common.ts';
import { countOf, several } from './common.ts';

interface Options {
  readonly jobs?: string;
  readonly keepGoing?: boolean;
  readonly group?: readonly string[];
  readonly only?: readonly string[];
  readonly json?: boolean;
}

export function define(command: Command): void {
  withJson(command)
    .argument('<command...>', 'one word is read by a shell; several run as they are')
    .option('-j, --jobs <n>', 'components at once', '1')
    .option('-k, --keep-going', 'go on when it fails in one')
    .option('--only <paths>', 'only these components, or folders of them', several)
    .option('-g, --group <groups>', 'only these groups', several)
    .passThroughOptions()
    .action(run);
  withExample(
    command,
    '$ skerry sp foreach -j 8 -- git gc --quiet',
    `$ skerry sp foreach 'echo $name $sha1 $displaypath $toplevel'`,
  );
  command.addHelpText(
    'after',
    '\nThe environment is that of `git submodule foreach`. The exit code is that of the first failure.',
  );
}

async function run(command: string[], options: Options): Promise<void> {
  const signal = interruptible();
  const { findRoot } = await import('../../superproject/target.ts');
  const { foreachComponent } = await import('../../superproject/checkout/foreach.ts');
  const root = await findRoot(process.cwd(), signal);
  const output: { path: string; stream: string; line: string }[] = [];
  const result = await foreachComponent(root, {
    command,
    words: options.only,
    cwd: process.cwd(),
    groups: options.group,
    jobs: countOf('--jobs', options.jobs),
    keepGoing: options.keepGoing,
    signal,
    onLine: (path, line, stream) => {
      if (options.json) output.push({ path, stream, line });
      else
        process[stream].write(
          `${styleText('dim', `${path} |`, { stream: process[stream] })} ${line}\n`,
        );
    },
  });
  const failed = result.components.filter(({ exitCode }) => exitCode !== 0);
  if (options.json) printJson({ ...result, output });
  else
    for (const { path, exitCode } of failed)
      process.stderr.write(
        `${styleText('red', '✗', { stream: process.stderr })} ${path}: exit code ${exitCode}\n`,
      );
  process.exitCode = failed[0]?.exitCode ?? 0;
}
