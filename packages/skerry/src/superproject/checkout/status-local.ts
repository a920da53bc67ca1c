import { existsSync, readdirSync } from 'node:fs';
import { type GitResult, tryGit } from '../git.ts';
import { trackedBranch } from '../tracked.ts';
import type { Checkout, CheckoutComponent } from './checkout.ts';
import { each } from './each.ts';
import { underWay } from './git-dir.ts';
import { readHeadPins } from './pins.ts';
import { readRefs } from './refs-here.ts';
import { type UrlDrift, urlDrifts } from './url-drift.ts';

/** A setting of `.git/config` that goes before what `.gitmodules` says. */
export interface Override {
  readonly key: 'url' | 'branch';
  readonly configured: string;
  readonly written: string | undefined;
  /** Only never updated, so that `sync` updates it. */
  readonly isStale: boolean;
}

/** What a checkout says of one component; nothing of it is asked of a remote. */
export interface LocalStatus {
  readonly state: CheckoutComponent['state'];
  readonly head: CheckoutComponent['head'];
  /** Where it is not present: files in its place all the same, as when its `.git` was removed. */
  readonly hasFiles: boolean;
  /** Changed or untracked files, in components of its own too. */
  readonly isDirty: boolean;
  /** A merge or rebase, for example. */
  readonly underWay: string | undefined;
  /** Commits of HEAD that the pin has not, and the other way round; undefined where not all of them are here. */
  readonly ahead: number | undefined;
  readonly behind: number | undefined;
  /** Commits of HEAD and branches that are on no branch of the remote, as far as this checkout knows. */
  readonly unpushed: number;
  /** The index pins another commit than the superproject's HEAD. */
  readonly isStaged: boolean;
  readonly isConflicted: boolean;
  readonly overrides: readonly Override[];
}

/** Processes at once; more only wait for a processor. */
const WIDTH = 8;

/** The local status of components, in their order: one process each, for the files; more only where something differs. */
export async function localStatus(
  checkout: Checkout,
  components: readonly CheckoutComponent[],
  {
    signal,
    onProgress,
  }: { signal?: AbortSignal | undefined; onProgress?: ((text: string) => void) | undefined } = {},
): Promise<readonly LocalStatus[]> {
  const published = await publishedPins(checkout, signal);
  const urls = new Map(
    (await urlDrifts(checkout, signal)).map((drift) => [drift.component.name, drift]),
  );
  let done = 0;
  return each(components, WIDTH, async (component): Promise<LocalStatus> => {
    const { name, state, head, pin, headPin, isConflicted, at } = component;
    const inside =
      state === 'present'
        ? await inspect(component, published.get(component.path), signal)
        : NOTHING;
    onProgress?.(`${++done}/${components.length} ${component.path}`);
    return {
      state,
      head,
      hasFiles: state !== 'present' && hasFiles(component.dir),
      ...inside,
      underWay: state === 'present' ? underWay(at.gitDir) : undefined,
      isStaged: headPin !== undefined && pin !== headPin,
      isConflicted,
      overrides: [...urlOverride(urls.get(name)), ...branchOverride(checkout, component)],
    };
  });
}

function hasFiles(dir: string): boolean {
  return existsSync(dir) && readdirSync(dir).length > 0;
}

const NOTHING = { isDirty: false, ahead: undefined, behind: undefined, unpushed: 0 } as const;

async function inspect(
  component: CheckoutComponent,
  published: string | undefined,
  signal: AbortSignal | undefined,
): Promise<Pick<LocalStatus, 'isDirty' | 'ahead' | 'behind' | 'unpushed'>> {
  const { dir, head, pin } = component;
  const status = ['status', '--porcelain', '-z', '--ignore-submodules=none'];
  const { stdout } = await tryGit(status, { cwd: dir, signal });
  const unpushed = await countUnpushed(component, published, signal);
  const isDirty = stdout.length > 0;
  if (head?.commit === undefined || pin === undefined || head.commit === pin)
    return { isDirty, ahead: 0, behind: 0, unpushed };
  const args = ['rev-list', '--left-right', '--count', `${pin}...${head.commit}`];
  const counted = await tryGit(args, { cwd: dir, signal, answers: [128] });
  return { isDirty, unpushed, ...bothWays(counted) };
}

function bothWays({ code, stdout }: GitResult): Pick<LocalStatus, 'ahead' | 'behind'> {
  if (code !== 0) return { ahead: undefined, behind: undefined };
  const [behind, ahead] = stdout.toString().trim().split('\t').map(Number);
  return { ahead, behind };
}

/** Most components have nothing that could be unpushed: HEAD and all branches are where the remote's, or the pin, are. */
async function countUnpushed(
  { dir, at, head }: CheckoutComponent,
  published: string | undefined,
  signal: AbortSignal | undefined,
): Promise<number> {
  const refs = [...(await readRefs(at, signal))];
  const known = new Set(
    refs.flatMap(([ref, id]) => (/^refs\/(remotes|tags)\//.test(ref) ? [id] : [])),
  );
  if (published !== undefined) known.add(published);
  const own = refs.flatMap(([ref, id]) => (ref.startsWith('refs/heads/') ? [id] : []));
  const suspects = [
    ...new Set([...own, ...(head?.commit === undefined ? [] : [head.commit])]),
  ].filter((id) => !known.has(id));
  if (suspects.length === 0) return 0;
  const count = async (...not: string[]): Promise<GitResult> => {
    const args = ['rev-list', '--count', ...suspects, '--not', '--remotes', ...not];
    return tryGit(args, { cwd: dir, signal, answers: [128] });
  };
  const counted = await count(...(published === undefined ? [] : [published]));
  // The published pin need not be here.
  const { stdout } = counted.code === 0 ? counted : await count();
  return Number(stdout.toString().trim() || 0);
}

/** Path to pin of what the superproject's remote had when it was fetched last. What is pinned there was pushed, or cannot be mended here. */
async function publishedPins(
  { root, head, remoteName, config }: Checkout,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, string>> {
  if (remoteName === undefined) return new Map();
  const merge = head.branch === undefined ? undefined : config.get(`branch.${head.branch}.merge`);
  const followed = merge?.replace(/^refs\/heads\//, '') ?? 'HEAD';
  return readHeadPins(root, signal, `refs/remotes/${remoteName}/${followed}`);
}

function urlOverride(drift: UrlDrift | undefined): Override[] {
  if (!drift) return [];
  const { component, configured, isStale } = drift;
  return [{ key: 'url', configured, written: component.url, isStale }];
}

function branchOverride({ config, head }: Checkout, component: CheckoutComponent): Override[] {
  const configured = config.get(`submodule.${component.name}.branch`);
  const written = component.branch;
  const isSame = configured === written || configured === trackedBranch(component, head.branch);
  return configured === undefined || isSame
    ? []
    : [{ key: 'branch', configured, written, isStale: false }];
}
