import type { BuildOptions } from '../image/build.ts';
import { buildImage, type Image } from '../image/store.ts';
import { preflight } from '../sandbox/preflight.ts';
import { SkerryError } from '../util/errors.ts';

/** Builds an image; where that fails because of this host (no sub-ids, no namespaces), the error says so. */
export async function buildImageHere(name: string, options: BuildOptions): Promise<Image> {
  try {
    return await buildImage(name, options);
  } catch (error) {
    if (error instanceof SkerryError && error.code === 'IMAGE_BUILD_FAILED')
      throw (await preflight(options.signal)) ?? error;
    throw error;
  }
}
