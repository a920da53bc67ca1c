import { type Image, listImages } from '../image/store.ts';
import { type Finding, ok, type Patient } from './check.ts';

export async function checkImages({ lab }: Patient): Promise<Finding> {
  const wanted = new Set(lab?.machines.map(({ image }) => image));
  return imagesFinding(await listImages(), [...wanted]);
}

/** `wanted`: the images of the lab's machines; none without a lab. */
export function imagesFinding(
  images: readonly Pick<Image, 'name' | 'stale'>[],
  wanted: readonly string[],
): Finding {
  const absent = wanted.filter((name) => !images.some((image) => image.name === name));
  const stale = images.filter(({ name, stale: isStale }) => isStale && wanted.includes(name));
  const build = (names: readonly string[]): string[] =>
    names.map((name) => `skerry image build ${name}`);
  if (absent.length > 0)
    return {
      level: 'warning',
      finding: `not built yet: ${absent.join(', ')} (the lab's machines start from it)`,
      remedy: build(absent),
    };
  if (stale.length > 0) {
    const names = stale.map(({ name }) => name);
    return {
      level: 'warning',
      finding: `made by another version of Skerry: ${names.join(', ')}`,
      remedy: build(names),
    };
  }
  return ok(images.map(({ name }) => name).join(', ') || 'none yet');
}
