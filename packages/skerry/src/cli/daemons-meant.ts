import { SkerryError } from '../util/errors.ts';
import type { LabSpec } from '../lab-file/spec.ts';
import type { CommonOptions } from './common.ts';

export interface DaemonFlags extends CommonOptions {
  readonly on?: string;
}

/** What the arguments mean. @throws DAEMON_ELSEWHERE when they mean nothing together */
export async function meant(
  lab: LabSpec,
  args: readonly string[],
  { on }: DaemonFlags,
): Promise<{ daemons: string[]; machines: string[] | undefined }> {
  const { daemonNames } = await import('../lab-file/select-daemons.ts');
  const { machineNames } = await import('../lab-file/select.ts');
  const daemons = daemonNames(lab, args);
  if (on === undefined) return { daemons, machines: undefined };
  const machines = machineNames(lab, on.split(','));
  const isSome = lab.daemons.some(
    (spec) => daemons.includes(spec.name) && spec.on.some((name) => machines.includes(name)),
  );
  if (!isSome)
    throw new SkerryError('DAEMON_ELSEWHERE', {
      data: { daemons: daemons.join(', '), machines: machines.join(', ') },
    });
  return { daemons, machines };
}
