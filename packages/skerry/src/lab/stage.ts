// What a machine that runs is in the middle of. Kept in the running domain alone and not in its definition, so libvirt
// forgets it in the moment the machine is off, whoever was killed meanwhile.
import { type Domain, isInvalidState, isNotFound } from '@skerry/libvirt';
import { NAMESPACE } from '../machine/metadata.ts';

/** `ready`: it was, since its start; `leaving`: it was told to shut down. Neither: nobody has seen it ready yet. */
export type Stage = 'ready' | 'leaving';

const URI = `${NAMESPACE}/stage`;
const KEY = 'skerry-stage';

/** Undefined as well for one that is off. */
export async function stageOf(
  domain: Domain,
  options: { readonly signal?: AbortSignal } = {},
): Promise<Stage | undefined> {
  try {
    return parseStage(await domain.metadata({ uri: URI }, { ...options, affect: 'live' }));
  } catch (error) {
    if (isOff(error)) return undefined;
    throw error;
  }
}

/** One that is off, or gone, has none and gets none. */
export async function setStage(domain: Domain, stage: Stage): Promise<void> {
  try {
    await domain.setMetadata({ uri: URI }, `<stage is="${stage}"/>`, { key: KEY, affect: 'live' });
  } catch (error) {
    if (!isOff(error)) throw error;
  }
}

/** Of the element as libvirt gives it. Pure. */
export function parseStage(element: string): Stage | undefined {
  const word = /\sis=["'](\w+)["']/.exec(element)?.[1];
  return word === 'ready' || word === 'leaving' ? word : undefined;
}

/** Also what libvirt says of one that has no such element. */
function isOff(error: unknown): boolean {
  return isNotFound(error) || isInvalidState(error);
}
