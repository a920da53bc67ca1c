import { type Image, listImages } from '../image/store.ts';
import { type Finding, ok, type Patient } from './check.ts';

export async function checkImages({ lab }: Patient): Promise<Finding> {
  const wanted = new Map(
    lab?.machines.map(({ image, baseImage, packages }) => [
      image,
      baseImage === undefined ? image : `${baseImage} --with ${packages.join(',')}`,
    ]),
  );
  return imagesFinding(await listImages(), wanted);
}

/** `wanted`: the images of the lab's machines, and how `image build` is told of each; none without a lab. */
export function imagesFinding(
  images: readonly Pick<Image, 'name' | 'stale'>[],
  wanted: ReadonlyMap<string, string>,
): Finding {
  const absent = [...wanted.keys()].filter((name) => !images.some((image) => image.name === name));
  const stale = images.filter(({ name, stale: isStale }) => isStale && wanted.has(name));
  const build = (names: readonly string[]): string[] =>
    names.map((name) => `skerry image build ${wanted.get(name)}`);
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
