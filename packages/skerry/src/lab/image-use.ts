import { findImage, pruneImages, removeImage } from '../image/store.ts';
import { SkerryError } from '../util/errors.ts';
import { labPathsById } from '../util/paths.ts';
import { observeOffline } from './observe.ts';
import { listRecords } from './record.ts';

/** The labs that have a machine on this image: its disk would be gone under them. */
export async function labsUsing(digest: string): Promise<string[]> {
  const records = await listRecords();
  const used = await Promise.all(
    records.map(async ({ id, name }) => {
      const machines = await observeOffline(labPathsById(id));
      return machines.some(({ mark }) => mark?.image === digest) ? name : undefined;
    }),
  );
  return used.filter((name) => name !== undefined);
}

/** Removes images that no name and no machine uses any more. Gives their digests. */
export async function pruneUnusedImages(): Promise<string[]> {
  const records = await listRecords();
  const machines = await Promise.all(records.map(({ id }) => observeOffline(labPathsById(id))));
  return pruneImages(new Set(machines.flat().map(({ mark }) => mark?.image ?? '')));
}

/** Removes an image unless a lab uses it. @throws IMAGE_IN_USE naming the labs, IMAGE_MISSING */
export async function removeUnusedImage(name: string): Promise<void> {
  const image = await findImage(name);
  if (!image) throw new SkerryError('IMAGE_MISSING', { data: { name } });
  const labs = await labsUsing(image.digest);
  if (labs.length > 0)
    throw new SkerryError('IMAGE_IN_USE', { data: { name, labs: labs.join(', ') } });
  await removeImage(name);
}
