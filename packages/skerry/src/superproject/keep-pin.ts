import { SkerryError } from '../util/errors.ts';
import type { Network } from './network.ts';
import { pushPin, type PinPush } from './push-pin.ts';
import { listRefs } from './remote-refs.ts';
import type { Scratch } from './scratch.ts';
import { keepRef, openRef } from './tracked.ts';

/** What hosts say to a ref name they do not want: hidden refs of git itself, hooks of forges. */
const REFUSALS =
  /deny updating a hidden ref|hook declined|prohibited|not allowed to (create|update|push)|funny refname|invalid ref|forbidden/i;

/** What they say to somebody who may read, and not push. Each a whole line of theirs. */
const DENIALS =
  /^.*(permission .*denied|not allowed to push|access denied|error: 40[13]|insufficient permission|unable to create temporary object directory|Authentication failed).*$/im;

/** All that git says to somebody who has no right to write to the folder over there, and where it has no room. */
const UNCLEAR = 'unable to create temporary object directory';

/**
 * The arguments of the push that keeps a pin alive.
 *
 * @param isOpen the pins of its own components are not kept, or nobody looked
 */
export function keepCommand({ url, pin }: Pick<PinPush, 'url' | 'pin'>, isOpen = false): string[] {
  const open = isOpen ? [`${pin}:${openRef(pin)}`] : [];
  return ['push', '--quiet', '--no-thin', '--', url, ...open, `${pin}:${keepRef(pin)}`];
}

/**
 * Gives a pin a ref of its own in its remote, so that no force-push, deleted branch or garbage collection ever takes it
 * away, and shallow clones find it under protocol v0 too. Done again it changes nothing.
 *
 * @returns why the remote does not take such refs; undefined where it did
 * @throws what runGit throws for other failures
 */
export async function keepPin(
  network: Network,
  scratch: Scratch,
  pin: PinPush,
  isOpen = false,
): Promise<string | undefined> {
  try {
    await pushPin(network, scratch, pin, keepCommand(pin, isOpen));
    return undefined;
  } catch (error) {
    const refusal = refusalOf(error) ?? denialOf(error);
    if (refusal !== undefined) return refusal;
    if (await isKeptMeanwhile(network, pin, error)) return undefined;
    throw error;
  }
}

/** Another runner that keeps the same pin may have been faster, which hosts say in many words. */
async function isKeptMeanwhile(
  network: Network,
  { url, pin, about }: PinPush,
  error: unknown,
): Promise<boolean> {
  if (!(error instanceof SkerryError) || error.code !== 'SP_GIT') return false;
  const { refs } = await listRefs(network, url, [keepRef(pin)], about);
  return refs.get(keepRef(pin)) === pin;
}

/**
 * The remote's words where a push failed for want of rights: of no use to try again. Only for what was fetched from there
 * before, which proves that the remote is there and lets us in.
 */
export function denialOf(error: unknown): string | undefined {
  if (!(error instanceof SkerryError)) return undefined;
  const { code, data } = error;
  const words = String(data['reason'] ?? '').trim();
  const said =
    DENIALS.exec(words)?.[0] ?? (code === 'SP_DENIED' ? words.split('\n')[0] : undefined);
  return said
    ?.trim()
    .replace(/^(remote|fatal|error): /, '')
    .replace(UNCLEAR, '$&: no right to write there, or no room');
}

/** The remote's words where it takes no refs outside of refs/heads and refs/tags. */
function refusalOf(error: unknown): string | undefined {
  if (!(error instanceof SkerryError)) return undefined;
  const words = /\[remote rejected\].*\((.*)\)/.exec(error.message)?.[1];
  return words !== undefined && REFUSALS.test(words) ? words : undefined;
}
