import { access, constants, stat } from 'node:fs/promises';
import { type Finding, formatPath } from '../lab-file/finding.ts';
import type { LabSpec } from '../lab-file/spec.ts';
import type { ProvisionerSpec } from '../lab-file/spec-provision.ts';
import { hostFiles, type HostFile } from './host-files.ts';

/**
 * What is missing on this host for the lab's provisioners, all of it, before anything starts. Those that only run when
 * they are named are asked then.
 */
export async function checkProvisionFiles(
  lab: Pick<LabSpec, 'dir' | 'provision'>,
): Promise<Finding[]> {
  const specs = lab.provision.filter(({ run, on }) => run !== 'never' && on.length > 0);
  const found = await Promise.all(specs.map((spec) => missingFiles(lab, spec)));
  return found.flat();
}

/** The same of one provisioner. */
export async function missingFiles(
  lab: Pick<LabSpec, 'dir'>,
  spec: ProvisionerSpec,
): Promise<Finding[]> {
  const wanted = hostFiles(lab, spec)
    .filter(({ isOptional }) => isOptional !== true)
    .sort((a, b) => a.path.length - b.path.length);
  const missing: string[] = [];
  const findings: Finding[] = [];
  for (const { path, what, field } of wanted) {
    // Of a folder that is missing, that its files are too says nothing more.
    if (missing.some((folder) => path === folder || path.startsWith(`${folder}/`))) continue;
    const lacking = await lacksFile(path, what);
    if (lacking === undefined) continue;
    missing.push(path);
    const data = { field: formatPath(field), what: lacking, file: path };
    findings.push({ code: 'PROVISION_FILE_MISSING', path: field, part: 'value', data });
  }
  return findings;
}

/** What is not there; undefined where it is. */
export async function lacksFile(path: string, what: HostFile['what']): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined);
  const isThere =
    what === 'file or folder'
      ? found !== undefined
      : what === 'folder'
        ? found?.isDirectory() === true
        : found?.isFile() === true;
  if (!isThere) return what;
  const how = constants.R_OK | (found?.isDirectory() ? constants.X_OK : 0);
  const isOurs = await access(path, how).then(
    () => true,
    () => false,
  );
  return isOurs ? undefined : `${what} that you may read:`;
}
