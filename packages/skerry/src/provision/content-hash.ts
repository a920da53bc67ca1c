import { createHash } from 'node:crypto';
import type { LabSpec } from '../lab-file/spec.ts';
import type { ProvisionerSpec } from '../lab-file/spec-provision.ts';

/** Equal content of the spec and of every host file it uses, equal hash. */
export function provisionerHash(_lab: LabSpec, { kind, config }: ProvisionerSpec): Promise<string> {
  const text = JSON.stringify([kind, config]);
  return Promise.resolve(createHash('sha256').update(text).digest('hex').slice(0, 16));
}
