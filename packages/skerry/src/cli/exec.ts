import { once } from 'node:events';
import type { Command } from 'commander';
import {
  type CommonOptions,
  interruptible,
  labOf,
  printJson,
  withExample,
  withJson,
  withLab,
} from './common.ts';
import { isUp } from '../lab/is-up.ts';
import { labOff } from '../lab/lab-off.ts';

interface Options extends CommonOptions {
  readonly on?: string;
  readonly env?: string[];
}

export function define(command: Command): void {
  withJson(withLab(command))
    .argument(
      '<command...>',
      'the program and its arguments, after --; a single word with spaces is run by a shell',
    )
    .option(
      '--on <machines>',
      'names or /regular expressions/, with commas (default: all that run)',
    )
    .option('-e, --env <NAME=value...>', 'environment for the command')
    .passThroughOptions()
    .action(run);
  withExample(
    command,
    '$ skerry exec -- hostname',
    "$ skerry exec --on 'agent_1,agent_2' -- 'systemctl is-active ssh.socket || true'",
    '$ echo hello | skerry exec --on agent_1 -- tee /tmp/hello',
  );
  command.addHelpText(
    'after',
    '\nThe exit code is that of the worst machine, from 0 to 255: a shell makes 44 of exit 300. It needs no network in the machines.',
  );
}

async function run(words: string[], options: Options): Promise<void> {
  const signal = interruptible('what still ran was killed');
  const lab = await labOf(options);
  const { machineNames } = await import('../lab-file/select.ts');
  const { execOnLab, worstExitCode } = await import('../lab/exec.ts');
  const machines =
    options.on === undefined ? await runningOf(lab) : machineNames(lab, options.on.split(','));
  const command =
    words.length === 1 && /[\s|&;<>$`*?]/.test(words[0] ?? '')
      ? ['/bin/sh', '-c', ...words]
      : words;
  const { pipedInput } = await import('./piped-input.ts');
  const input = pipedInput();
  const { outputCollector, prefixedOutput } = await import('./exec-output.ts');
  const output = options.json ? outputCollector() : prefixedOutput(machines);
  const results = await execOnLab(lab, {
    machines,
    command,
    signal,
    env: options.env ?? [],
    onOutput: (machine, stream, data) =>
      output.write(machine, stream, data) ? undefined : once(process[stream], 'drain'),
    ...(input && { input }),
  });
  output.end();
  process.exitCode = worstExitCode(results);
  if (options.json) {
    printJson(
      results.map(({ error, ...result }) => ({
        ...result,
        ...output.of(result.machine),
        ...(error && { error: error.toJSON() }),
      })),
    );
    return;
  }
  const { printError } = await import('./print-error.ts');
  for (const { machine, error, exitCode, signal: killed } of results) {
    if (error) printError(error, { json: false, debug: false });
    else if (killed) process.stderr.write(`${machine}: ended by ${killed}\n`);
    else if (exitCode !== 0 && results.length > 1)
      process.stderr.write(`${machine}: exit code ${exitCode}\n`);
  }
}

async function runningOf(lab: Awaited<ReturnType<typeof labOf>>): Promise<string[]> {
  const { labStatus } = await import('../lab/status.ts');
  const { machines } = await labStatus(lab);
  const running = machines
    .filter(({ state, orphan }) => isUp(state) && !orphan)
    .map(({ name }) => name);
  if (running.length === 0) throw labOff(lab);
  return running;
}
