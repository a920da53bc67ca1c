import type { Changes } from './changes.ts';
import { firstUnreachable, refId } from './objects-here.ts';

const PREFIX = 'refs/superproject/rescue/';
/** What keeps a commit for good. */
const KEEPERS = ['--branches', '--tags', '--remotes', '--glob=refs/superproject/*'];

export interface RescueQuestion {
  /** The component's work tree. */
  readonly dir: string;
  /** The commit that HEAD names now, detached. */
  readonly head: string;
  /** The commit it is moved to; none where it only is to be kept. */
  readonly to: string | undefined;
  readonly now?: Date;
}

/**
 * Before a detached HEAD moves away from commits that nothing else names: gives them a ref. Nobody should need the reflog
 * to find a day's work.
 *
 * @returns the new ref; undefined where nothing would be lost
 */
export async function rescue(
  changes: Changes,
  { dir, head, to, now = new Date() }: RescueQuestion,
): Promise<string | undefined> {
  const where = { cwd: dir, signal: changes.signal };
  const kept = to === undefined ? KEEPERS : [...KEEPERS, to];
  if ((await firstUnreachable([head], kept, where)) === undefined) return undefined;
  const time = now.toISOString().replace(/[-:]|\.\d+/g, '');
  let ref = PREFIX + time;
  for (let n = 2; (await refId(ref, where)) !== undefined; n++) ref = `${PREFIX}${time}-${n}`;
  // The last argument: the ref must not be there yet.
  const nothing = '0'.repeat(head.length);
  const why =
    to === undefined ? 'kept by skerry superproject' : `moved to ${to} by skerry superproject sync`;
  await changes.git(['update-ref', '-m', why, ref, head, nothing], { cwd: dir });
  return ref;
}
