import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SUSPENDED } from '../snapshot/store.ts';
import { SkerryError } from '../util/errors.ts';
import { labPaths, type LabName } from '../util/paths.ts';

/** The error for a lab that does not run: one that is suspended goes on by another command than one that is off. */
export function labOff(lab: LabName, cause?: unknown): SkerryError {
  const isSuspended = existsSync(join(labPaths(lab).snapshotsDir, SUSPENDED, 'snapshot.json'));
  const of = lab.fork === undefined ? '' : ` --lab ${lab.fork}`;
  return new SkerryError(isSuspended ? 'LAB_SUSPENDED' : 'LAB_OFF', {
    data: { lab: lab.name, of },
    cause,
  });
}
