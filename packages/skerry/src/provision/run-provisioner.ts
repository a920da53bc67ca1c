import { placeInFile } from '../lab-file/place-findings.ts';
import type { ProvisionerSpec } from '../lab-file/spec-provision.ts';
import { SkerryErrors } from '../util/errors.ts';
import { missingFiles } from './check-files.ts';
import type { ProvisionOutcome, ProvisionTarget } from './target.ts';

export type { ProvisionOutcome, ProvisionTarget } from './target.ts';

/**
 * Runs one provisioner on one machine. Each kind is loaded only where it is used.
 * @throws PROVISION_FAILED naming provisioner, machine, and for puppet the resource with file and line;
 *   PROVISION_FILE_MISSING for what is not on this host
 */
export async function runProvisioner(
  spec: ProvisionerSpec,
  target: ProvisionTarget,
): Promise<ProvisionOutcome> {
  target.signal.throwIfAborted();
  const missing = await missingFiles(target.lab, spec);
  if (missing.length > 0) throw new SkerryErrors(await placeInFile(target.lab.file, missing));
  switch (spec.kind) {
    case 'shell':
      return (await import('./shell.ts')).runShell(spec.name, spec.config, target);
    case 'file':
      return (await import('./file.ts')).runFile(spec.name, spec.config, target);
    case 'puppet':
      return (await import('./puppet.ts')).runPuppet(spec.name, spec.config, target);
    case 'ansible':
      return (await import('./ansible.ts')).runAnsible(spec.name, spec.config, target);
    default:
      return (await import('./cloud-init.ts')).runCloudInit(spec.name, spec.config, target);
  }
}
