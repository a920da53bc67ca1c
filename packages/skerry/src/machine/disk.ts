import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { runOrThrow } from '../util/run.ts';

export interface DiskPlan {
  /** Where it shall be, on the host. */
  readonly path: string;
  /** The path of the disk it is a copy-on-write overlay of, as seen inside the sandbox. */
  readonly backing?: string;
  readonly sizeBytes: number;
  /** Who QEMU runs as, when not as the caller. */
  readonly owner?: number | undefined;
}

/** Makes a qcow2 disk unless it is there. It appears whole or not at all. */
export async function makeDisk(plan: DiskPlan): Promise<void> {
  if (existsSync(plan.path)) return;
  const folder = dirname(plan.path);
  await mkdir(folder, { recursive: true });
  // QEMU writes the console's log there.
  if (plan.owner !== undefined) await chown(folder, plan.owner, plan.owner);
  const fresh = `${plan.path}.new`;
  // -u: the backing file has another path out here than in the sandbox, so qemu-img cannot look at it.
  const backing = plan.backing ? ['-u', '-F', 'qcow2', '-b', plan.backing] : [];
  await runOrThrow('qemu-img', [
    'create',
    '-q',
    '-f',
    'qcow2',
    ...backing,
    fresh,
    String(plan.sizeBytes),
  ]);
  await chmod(fresh, 0o600);
  if (plan.owner !== undefined) await chown(fresh, plan.owner, plan.owner);
  await rename(fresh, plan.path);
}
