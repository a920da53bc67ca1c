import { tryGit } from '../git.ts';
import type { CheckoutComponent } from './checkout.ts';

/** Commits of a component that only this checkout has, and that the superproject's commit does not pin. */
export interface Unpinned {
  readonly path: string;
  /** The branch they are on; none on a detached HEAD. */
  readonly branch: string | undefined;
  readonly commits: number;
}

/** Who commits in a component and forgets to commit its pin has pushed nothing of it. `pins`: name to the pin of the commit. */
export async function findUnpinned(
  components: readonly CheckoutComponent[],
  pins: ReadonlyMap<string, string>,
  signal?: AbortSignal,
): Promise<Unpinned[]> {
  const found: Unpinned[] = [];
  for (const { name, path, dir, state, head } of components) {
    const pin = pins.get(name);
    if (state !== 'present' || head?.commit === undefined || head.commit === pin) continue;
    const args = ['rev-list', '--count', head.commit, '--not', '--remotes'];
    const count = async (...not: string[]): Promise<number | undefined> => {
      const { code, stdout } = await tryGit([...args, ...not], {
        cwd: dir,
        signal,
        answers: [128],
      });
      return code === 0 ? Number(stdout.toString().trim()) : undefined;
    };
    // The pin need not be here.
    const known = pin === undefined ? undefined : await count(pin);
    const commits = known ?? (await count()) ?? 0;
    if (commits > 0) found.push({ path, branch: head.branch, commits });
  }
  return found;
}
