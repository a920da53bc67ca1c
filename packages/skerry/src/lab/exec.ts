import { constants } from 'node:os';
import { isAgentUnavailable } from '@skerry/libvirt';
import { execInGuest, type ExecResult } from '../machine/exec.ts';
import { sandboxStatus } from '../sandbox/gateway.ts';
import { SkerryError } from '../util/errors.ts';
import { labPaths } from '../util/paths.ts';
import { connectLab } from './connect.ts';
import type { LabSpec } from '../lab-file/spec.ts';
import { execOverSsh } from './ssh.ts';

export interface LabExecOptions {
  readonly machines: readonly string[];
  readonly command: readonly string[];
  readonly input?: Buffer | undefined;
  readonly env?: readonly string[];
  readonly signal: AbortSignal;
  readonly onOutput?: (machine: string, stream: 'stdout' | 'stderr', data: Buffer) => void;
}

export interface MachineExecResult extends Partial<ExecResult> {
  readonly machine: string;
  readonly durationMs: number;
  /** How it got there. */
  readonly via: 'agent' | 'ssh';
  /** Why it did not run at all. */
  readonly error?: SkerryError;
}

/** Runs a command on machines at the same time; one that fails does not stop the others. LAB_OFF if nothing runs. */
export async function execOnLab(
  lab: LabSpec,
  options: LabExecOptions,
): Promise<MachineExecResult[]> {
  const paths = labPaths(lab.name, lab.dir);
  if (!(await sandboxStatus(paths.gatewaySocket)))
    throw new SkerryError('LAB_OFF', { data: { lab: lab.name } });
  await using connection = await connectLab(paths, options.signal);
  return await Promise.all(
    options.machines.map(async (machine): Promise<MachineExecResult> => {
      const began = performance.now();
      const done = (
        result: Omit<MachineExecResult, 'machine' | 'durationMs'>,
      ): MachineExecResult => ({
        machine,
        durationMs: Math.round(performance.now() - began),
        ...result,
      });
      const onOutput = (stream: 'stdout' | 'stderr', data: Buffer): void =>
        options.onOutput?.(machine, stream, data);
      try {
        const domain = await connection.domain(machine).catch(() => undefined);
        if (!domain || !(await domain.isActive()))
          throw new SkerryError('MACHINE_OFF', { data: { machine } });
        try {
          return done({
            via: 'agent',
            ...(await execInGuest(domain, options.command, { ...options, onOutput })),
          });
        } catch (error) {
          // No agent in there, or it died: the network may still work.
          if (!isAgentUnavailable(error)) throw error;
          return done({
            via: 'ssh',
            ...(await execOverSsh(lab, machine, options.command, { ...options, onOutput })),
          });
        }
      } catch (error) {
        options.signal.throwIfAborted();
        return done({ via: 'agent', error: asSkerryError(machine, error) });
      }
    }),
  );
}

/** The exit code of the worst: what could not run counts most. */
export function worstExitCode(results: readonly MachineExecResult[]): number {
  return Math.max(
    0,
    ...results.map(({ error, exitCode, signal }) =>
      error ? error.exitCode : signal ? 128 + numberOf(signal) : (exitCode ?? 1),
    ),
  );
}

/** 15 for SIGTERM, as shells count. */
function numberOf(signal: string): number {
  return (constants.signals as Readonly<Record<string, number>>)[signal] ?? 0;
}

function asSkerryError(machine: string, cause: unknown): SkerryError {
  if (cause instanceof SkerryError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new SkerryError('EXEC_FAILED', { data: { machine, reason }, cause });
}
