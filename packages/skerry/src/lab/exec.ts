import type { Readable } from 'node:stream';
import { isHelperMissing, openGuest } from '../sandbox/gateway.ts';
import { nobodyListens } from '../util/nobody-listens.ts';
import { execInGuest, type ExecResult, signalNumber } from '../guest/exec.ts';
import { SkerryError } from '../util/errors.ts';
import { labPaths, type LabPaths } from '../util/paths.ts';
import { broadcast } from './broadcast.ts';
import type { LabSpec } from '../lab-file/spec.ts';
import { labOff } from './lab-off.ts';
import { messageOf } from '../util/message-of.ts';

/** What a guest's helper may take to answer, busy as its machine may be; ssh is tried then. */
const SILENCE_MS = 5000;

export interface LabExecOptions {
  readonly machines: readonly string[];
  readonly command: readonly string[];
  /** For the command's stdin, on each machine. */
  readonly input?: Readable | undefined;
  readonly env?: readonly string[];
  readonly signal: AbortSignal;
  readonly onOutput?: (
    machine: string,
    stream: 'stdout' | 'stderr',
    data: Buffer,
  ) => void | Promise<unknown>;
}

export interface MachineExecResult extends Partial<ExecResult> {
  readonly machine: string;
  readonly durationMs: number;
  /** How it got there. */
  readonly via: 'channel' | 'ssh';
  /** Why it did not run at all. */
  readonly error?: SkerryError;
}

/** Runs a command on machines at the same time; one that fails does not stop the others. LAB_OFF if nothing runs. */
export function execOnLab(lab: LabSpec, options: LabExecOptions): Promise<MachineExecResult[]> {
  const paths = labPaths(lab);
  const inputs = options.input ? broadcast(options.input, options.machines.length) : [];
  return Promise.all(
    options.machines.map(async (machine, at): Promise<MachineExecResult> => {
      const began = performance.now();
      const input = inputs[at];
      const outcome = await execOnMachine(lab, paths, machine, { ...options, input })
        .catch((error: unknown) => {
          options.signal.throwIfAborted();
          if (nobodyListens(error)) throw labOff(lab);
          return { via: 'channel', error: asSkerryError(machine, error) } as const;
        })
        .finally(() => input?.destroy());
      return { machine, durationMs: Math.round(performance.now() - began), ...outcome };
    }),
  );
}

async function execOnMachine(
  lab: LabSpec,
  paths: LabPaths,
  machine: string,
  options: LabExecOptions,
): Promise<Omit<MachineExecResult, 'machine' | 'durationMs'>> {
  const guestOptions = {
    ...options,
    onOutput: (stream: 'stdout' | 'stderr', data: Buffer): void | Promise<unknown> =>
      options.onOutput?.(machine, stream, data),
  };
  try {
    const channel = await openGuest(paths.gatewaySocket, machine, {
      signal: options.signal,
      timeoutMs: SILENCE_MS,
    });
    return {
      via: 'channel',
      ...(await execInGuest(channel, options.command, guestOptions)),
    };
  } catch (error) {
    options.signal.throwIfAborted();
    if (!isHelperMissing(error)) throw error;
    await refuseIfOff(paths, machine, options.signal);
    // No helper in there, or it died: the network may still work.
    const { execOverSsh } = await import('./ssh.ts');
    return { via: 'ssh', ...(await execOverSsh(lab, machine, options.command, guestOptions)) };
  }
}

async function refuseIfOff(paths: LabPaths, machine: string, signal: AbortSignal): Promise<void> {
  const { connectLab } = await import('../sandbox/connect.ts');
  await using connection = await connectLab(paths, signal);
  const domain = await connection.domain(machine).catch(() => undefined);
  if (!domain || !(await domain.isActive()))
    throw new SkerryError('MACHINE_OFF', { data: { machine } });
}

/** The exit code of the worst: what could not run counts most. */
export function worstExitCode(results: readonly MachineExecResult[]): number {
  return Math.max(
    0,
    ...results.map(({ error, exitCode, signal }) =>
      error ? error.exitCode : signal ? 128 + signalNumber(signal) : (exitCode ?? 1),
    ),
  );
}

function asSkerryError(machine: string, cause: unknown): SkerryError {
  if (cause instanceof SkerryError) return cause;
  const reason = messageOf(cause);
  return new SkerryError('EXEC_FAILED', { data: { machine, reason }, cause });
}
