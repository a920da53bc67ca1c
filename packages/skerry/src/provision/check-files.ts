import type { LabSpec } from '../lab-file/spec.ts';
import type { SkerryError } from '../util/errors.ts';

/** What is missing on the host, all at once, before anything starts. */
export function checkProvisionFiles(_lab: LabSpec): Promise<SkerryError[]> {
  return Promise.resolve([]);
}
