// What a lab needs of this host besides its own file: scripts, playbooks, the folders of its trees.
import { existsSync } from 'node:fs';
import { type FieldPath, type Finding, formatPath } from '../lab-file/finding.ts';
import { placeInFile } from '../lab-file/place-findings.ts';
import type { HostParts } from '../lab-file/sound-parts.ts';
import type { LabSpec } from '../lab-file/spec.ts';
import { checkProvisionFiles, lacksFile } from '../provision/check-files.ts';
import { SkerryErrors } from '../util/errors.ts';

export interface MissingOptions {
  /** Without it, what provisioners are made of is not looked for. */
  readonly isProvisioned: boolean;
}

/**
 * Everything that is missing. What may yet come is not asked for: all of it where a trigger runs here before `up`, and
 * what is below a superproject that is not cloned, or below a tree that is pulled.
 */
export async function findMissing(
  parts: HostParts,
  options: MissingOptions,
): Promise<readonly Finding[]> {
  const isMadeFirst = parts.triggers.some(
    ({ when, actions, on }) => when === 'before' && actions.includes('up') && on === undefined,
  );
  return isMadeFirst ? [] : findMissingNow(parts, options);
}

/** The same, once triggers have run and the superproject is there. @throws SkerryErrors naming all of it, with places */
export async function refuseMissing(lab: LabSpec, options: MissingOptions): Promise<void> {
  const missing = await findMissingNow(lab, options);
  if (missing.length > 0) throw new SkerryErrors(await placeInFile(lab.file, missing));
}

async function findMissingNow(
  { dir, source, trees, provision, daemons }: HostParts,
  { isProvisioned }: MissingOptions,
): Promise<Finding[]> {
  const pulled = trees.flatMap((tree) => (tree?.mode === 'pull' ? [tree.to] : []));
  const cloned = source && !existsSync(source.dir) ? [source.dir] : [];
  const isYetToCome = (path: string): boolean =>
    [...pulled, ...cloned].some((folder) => path === folder || path.startsWith(`${folder}/`));
  const folders = [
    ...trees.flatMap((tree, at) =>
      tree && tree.mode !== 'pull' && tree.on.length > 0
        ? [{ path: tree.from, field: ['tree', ...(trees.length > 1 ? [at] : []), 'from'] }]
        : [],
    ),
    ...daemons.flatMap(({ name, build }) =>
      build && build.on === undefined
        ? [{ path: build.cwd, field: ['daemons', name, 'build', 'cwd'] }]
        : [],
    ),
  ];
  const lacking = await Promise.all(folders.map(noFolder));
  const files = isProvisioned ? await checkProvisionFiles({ dir, provision }) : [];
  return [...lacking.flat(), ...files].filter(({ data }) => !isYetToCome(String(data['file'])));
}

async function noFolder({
  path,
  field,
}: {
  readonly path: string;
  readonly field: FieldPath;
}): Promise<Finding[]> {
  const what = await lacksFile(path, 'folder');
  if (what === undefined) return [];
  const data = { field: formatPath(field), what, file: path };
  return [{ code: 'LAB_FOLDER_MISSING', path: field, part: 'value', data }];
}
