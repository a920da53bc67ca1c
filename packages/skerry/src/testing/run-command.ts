// One command in a machine, over the guest channel: it works whatever the network does.
import { setMaxListeners } from 'node:events';
import { execInGuest, signalNumber } from '../guest/exec.ts';
import { isHelperMissing, openGuest } from '../sandbox/gateway.ts';
import { nobodyListens } from '../util/nobody-listens.ts';
import { consoleLogPath } from '../machine/console-log.ts';
import { SkerryError } from '../util/errors.ts';
import type { LabPaths } from '../util/paths.ts';
import type { Command, CommandOptions, CommandResult } from './options.ts';

const TIMEOUT_MS = 60_000;
/** Of the output in an error. */
const TAIL = 2000;

/** What `TestMachine.exec` does. */
export async function runCommand(
  paths: LabPaths,
  machine: string,
  command: Command,
  options: CommandOptions,
): Promise<CommandResult> {
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  const deadline = AbortSignal.timeout(timeoutMs);
  const signal = options.signal ? AbortSignal.any([options.signal, deadline]) : deadline;
  setMaxListeners(0, signal);
  const words = typeof command === 'string' ? ['/bin/sh', '-c', command] : command;
  const output = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  try {
    const channel = await openGuest(paths.gatewaySocket, machine, { signal, timeoutMs });
    const ended = await execInGuest(channel, words, {
      signal,
      input: inputOf(options.input),
      env: Object.entries(options.env ?? {}).map(([name, value]) => `${name}=${value}`),
      onOutput: (stream, data) => void output[stream].push(Buffer.from(data)),
    });
    const result: CommandResult = {
      exitCode: ended.exitCode ?? 128 + signalNumber(ended.signal),
      stdout: Buffer.concat(output.stdout).toString(),
      stderr: Buffer.concat(output.stderr).toString(),
    };
    if (options.check && result.exitCode !== 0) throw failure(paths, machine, words, result);
    return result;
  } catch (error) {
    options.signal?.throwIfAborted();
    if (deadline.aborted || isSilent(error)) {
      const seconds = timeoutMs / 1000;
      const data = { machine, command: words.join(' '), seconds };
      throw new SkerryError('COMMAND_TIMEOUT', { data, cause: error });
    }
    if (isHelperMissing(error) || nobodyListens(error))
      throw new SkerryError('MACHINE_OFF', { data: { machine }, cause: error });
    throw error;
  }
}

function isSilent(error: unknown): boolean {
  return error instanceof SkerryError && error.code === 'GUEST_SILENT';
}

function failure(
  paths: LabPaths,
  machine: string,
  words: readonly string[],
  { exitCode, stdout, stderr }: CommandResult,
): SkerryError {
  const said = (stderr.trim() || stdout.trim()).slice(-TAIL);
  const output = said && `: ${said}`;
  const log = consoleLogPath(paths, machine);
  const data = { machine, command: words.join(' '), code: exitCode, output, console: log };
  return new SkerryError('COMMAND_FAILED', { data });
}

function inputOf(
  input: CommandOptions['input'],
): AsyncIterable<Uint8Array> | Iterable<Uint8Array> | undefined {
  if (typeof input === 'string') return [Buffer.from(input)];
  return input instanceof Uint8Array ? [input] : input;
}
