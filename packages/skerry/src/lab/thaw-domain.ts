import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Connection } from '@skerry/libvirt';
import { writeThawFile } from '../freeze/frozen.ts';
import { machineDir } from '../machine/domain-xml.ts';
import type { LabPaths } from '../util/paths.ts';

export interface ThawOptions {
  /** The machine's name; its folder is there. */
  readonly name: string;
  /** The folder of its frozen memory, on the host. */
  readonly frozen: string;
  /** What it is to be, with its memory from there. */
  readonly xml: string;
  readonly as: 'running' | 'paused';
  readonly signal: AbortSignal;
}

/** Starts a defined machine from its frozen memory. */
export async function thawDomain(
  connection: Connection,
  { machinesDir }: LabPaths,
  { name, frozen, xml, as, signal }: ThawOptions,
): Promise<void> {
  const file = join(machinesDir, name, 'thaw');
  await writeThawFile(frozen, file, xml, as === 'running');
  try {
    await connection.restoreDomain(`${machineDir(name)}/thaw`, { restoreAs: as, signal });
  } finally {
    await rm(file, { force: true });
  }
}
