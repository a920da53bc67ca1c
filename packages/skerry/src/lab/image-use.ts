// Who uses images and templates: machines say in their definitions what their disks are based on.
import { findImage, imagesDir, pruneImages, removeImage } from '../image/store.ts';
import { type MachineMark, parseMark } from '../machine/metadata.ts';
import { listSnapshots } from '../snapshot/store.ts';
import { readTemplate, removeTemplate, templateIds } from '../template/store.ts';
import { SkerryError } from '../util/errors.ts';
import { type LabPaths, labPathsById } from '../util/paths.ts';
import { listKept } from './kept-store.ts';
import { observeOffline } from './observe.ts';
import { listRecords } from './record.ts';

/** The labs that have a machine on it, by digest of image and id of template. */
export interface Uses {
  readonly images: ReadonlyMap<string, readonly string[]>;
  readonly templates: ReadonlyMap<string, readonly string[]>;
}

/** Asks the definitions of all labs, and of those that are kept provisioned but for `besides`. */
export async function uses(besides: ReadonlySet<string> = new Set()): Promise<Uses> {
  const images = new Map<string, string[]>();
  const templates = new Map<string, string[]>();
  const add = (to: Map<string, string[]>, key: string | undefined, lab: string): void => {
    if (key === undefined) return;
    const labs = to.get(key) ?? [];
    if (!labs.includes(lab)) to.set(key, [...labs, lab]);
  };
  const labs = (await listRecords()).map(({ id, name }) => ({ name, paths: labPathsById(id) }));
  const kept = (await listKept())
    .filter(({ id }) => !besides.has(id))
    .map(({ name, paths }) => ({ name: `${name} (kept provisioned)`, paths }));
  for (const { name, paths } of [...labs, ...kept]) {
    for (const mark of await marksOf(paths)) {
      add(images, mark.image, name);
      add(templates, mark.template, name);
      // A template's disk is based on its image.
      const template = mark.template && (await readTemplate(imagesDir(), mark.template));
      if (template) add(images, template.imageDigest, name);
    }
  }
  return { images, templates };
}

/** Of its machines, and of those in its snapshots. */
async function marksOf(paths: LabPaths): Promise<MachineMark[]> {
  const [machines, snapshots] = await Promise.all([
    observeOffline(paths),
    listSnapshots(paths.snapshotsDir, true),
  ]);
  const saved = snapshots.flatMap((snapshot) => snapshot.machines.map(({ xml }) => parseMark(xml)));
  return [...machines.map(({ mark }) => mark), ...saved].filter((mark) => mark !== undefined);
}

/** Removes images that no name and no machine uses any more. Gives their digests. */
export async function pruneUnusedImages(): Promise<string[]> {
  return pruneImages(new Set((await uses()).images.keys()));
}

/** Removes an image unless a lab uses it. @throws IMAGE_IN_USE naming the labs, IMAGE_MISSING */
export async function removeUnusedImage(name: string): Promise<void> {
  const image = await findImage(name);
  if (!image) throw new SkerryError('IMAGE_MISSING', { data: { name } });
  const labs = (await uses()).images.get(image.digest);
  if (labs) throw new SkerryError('IMAGE_IN_USE', { data: { name, labs: labs.join(', ') } });
  await removeImage(name);
}

/** Removes a template unless a lab uses it. @throws TEMPLATE_IN_USE naming the labs, TEMPLATE_MISSING */
export async function removeUnusedTemplate(id: string): Promise<void> {
  if (!(await templateIds(imagesDir())).includes(id))
    throw new SkerryError('TEMPLATE_MISSING', { data: { id } });
  const labs = (await uses()).templates.get(id);
  if (labs) throw new SkerryError('TEMPLATE_IN_USE', { data: { id, labs: labs.join(', ') } });
  await removeTemplate(imagesDir(), id);
}
