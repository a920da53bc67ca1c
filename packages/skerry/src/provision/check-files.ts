import { stat } from 'node:fs/promises';
import type { LabSpec } from '../lab-file/spec.ts';
import type { ProvisionerSpec } from '../lab-file/spec-provision.ts';
import { SkerryError } from '../util/errors.ts';
import { hostFiles } from './host-files.ts';

/**
 * What is missing on this host for the lab's provisioners, all of it, before anything starts. Those that only run when
 * they are named are asked then.
 */
export async function checkProvisionFiles(lab: LabSpec): Promise<SkerryError[]> {
  const specs = lab.provision.filter(({ run, on }) => run !== 'never' && on.length > 0);
  const found = await Promise.all(specs.map((spec) => missingFiles(lab, spec)));
  return found.flat();
}

/** The same of one provisioner. */
export async function missingFiles(lab: LabSpec, spec: ProvisionerSpec): Promise<SkerryError[]> {
  const wanted = hostFiles(lab, spec).filter(({ isOptional }) => isOptional !== true);
  const missing: string[] = [];
  const errors: SkerryError[] = [];
  for (const { path, what, field } of wanted) {
    // Of a folder that is missing, that its files are too says nothing more.
    if (missing.some((folder) => path.startsWith(`${folder}/`))) continue;
    const found = await stat(path).catch(() => undefined);
    const isThere =
      what === 'file or folder'
        ? found !== undefined
        : what === 'folder'
          ? found?.isDirectory() === true
          : found?.isFile() === true;
    if (isThere) continue;
    missing.push(path);
    errors.push(
      new SkerryError('PROVISION_FILE_MISSING', { data: { field, what, file: path }, field }),
    );
  }
  return errors;
}
