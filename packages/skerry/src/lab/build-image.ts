import type { ImageRequest } from '../image/definition.ts';
import { buildImage, type Image } from '../image/store.ts';
import { preflight } from '../sandbox/preflight.ts';
import { SkerryError } from '../util/errors.ts';
import type { Progress } from './progress.ts';

/** Builds an image; where that fails because of this host (no sub-ids, no namespaces), the error says so. */
export async function buildImageHere(
  request: string | ImageRequest,
  progress: Progress,
  signal: AbortSignal,
): Promise<Image> {
  const name = typeof request === 'string' ? request : request.name;
  const what =
    typeof request === 'string' || !request.packages
      ? name
      : `${request.base} with ${request.packages.join(', ')}`;
  try {
    return await progress.phase('image', undefined, () =>
      buildImage(request, {
        signal,
        onProgress: ({ fraction, message }) =>
          progress.note('image', undefined, `${what}: ${Math.round(fraction * 100)} %, ${message}`),
      }),
    );
  } catch (error) {
    if (error instanceof SkerryError && error.code === 'IMAGE_BUILD_FAILED')
      throw (await preflight(signal)) ?? error;
    throw error;
  }
}
