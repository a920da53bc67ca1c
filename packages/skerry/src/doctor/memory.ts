import { totalmem } from 'node:os';
import type { LabSpec } from '../lab-file/spec.ts';
import { sandboxStatus } from '../sandbox/gateway.ts';
import { labPaths } from '../util/paths.ts';
import { type Finding, ok, type Patient } from './check.ts';

/** Below this one machine of the default size and its QEMU do not fit. */
const ONE_MACHINE_MIB = 1024;

export async function checkMemory({ lab }: Patient): Promise<Finding> {
  // Both heed the limit of a control group, as containers have.
  const limit = process.constrainedMemory();
  const total = limit > 0 ? Math.min(limit, totalmem()) : totalmem();
  const runs = lab ? await isRunning(lab) : false;
  return memoryFinding({
    availableMiB: mib(process.availableMemory()),
    totalMiB: mib(total),
    wantedMiB: lab && !runs ? wantedBy(lab) : undefined,
  });
}

export interface MemoryFacts {
  readonly availableMiB: number;
  readonly totalMiB: number;
  /** What `skerry up` would start; undefined without a lab, or when it runs already. */
  readonly wantedMiB: number | undefined;
}

export function memoryFinding({ availableMiB, totalMiB, wantedMiB }: MemoryFacts): Finding {
  const available = `${availableMiB} of ${totalMiB} MiB available`;
  if (wantedMiB === undefined) {
    if (availableMiB >= ONE_MACHINE_MIB) return ok(available);
    return { level: 'warning', finding: `${available}: little for machines`, remedy: FREE };
  }
  if (wantedMiB > totalMiB)
    return {
      level: 'error',
      finding: `${available}, and the lab's machines want ${wantedMiB} MiB`,
      remedy: SHRINK,
    };
  if (wantedMiB <= availableMiB)
    return ok(`${available}; the lab's machines want ${wantedMiB} MiB`);
  return {
    level: 'warning',
    finding: `${available}, and the lab's machines want ${wantedMiB} MiB: the host may swap`,
    remedy: [...SHRINK, ...FREE],
  };
}

/** The machines that `up` starts without being named. */
export function wantedBy({ machines }: Pick<LabSpec, 'machines'>): number {
  return machines
    .filter(({ autostart }) => autostart)
    .reduce((sum, { memoryMiB }) => sum + memoryMiB, 0);
}

const SHRINK = ['# in the lab file, give machines less memory:, or set autostart: false on some'];
const FREE = [
  '# see which other labs run, and halt those that nobody needs:',
  'skerry global-status',
];

async function isRunning(lab: LabSpec): Promise<boolean> {
  const { gatewaySocket } = labPaths(lab);
  return Boolean(await sandboxStatus(gatewaySocket).catch(() => undefined));
}

function mib(bytes: number): number {
  return Math.floor(bytes / 2 ** 20);
}
