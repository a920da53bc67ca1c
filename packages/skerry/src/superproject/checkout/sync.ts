import { join } from 'node:path';
import { SkerryError, SkerryErrors } from '../../util/errors.ts';
import { isRelative, resolveUrl } from '../module-url.ts';
import type { Network } from '../network.ts';
import { trackedBranch } from '../tracked.ts';
import { Changes } from './changes.ts';
import {
  type Checkout,
  type CheckoutComponent,
  isActive,
  isSuperproject,
  readCheckout,
} from './checkout.ts';
import { sweepClones } from './clone-component.ts';
import type { KeyChange } from '../edit-gitmodules.ts';
import { changeConfig } from './config.ts';
import { each } from './each.ts';
import { clearLeftOver, findLeftOvers, type LeftOver } from './left-over.ts';
import { lockCheckout } from './lock.ts';
import { groupsInUse, selectFrom, type Selection } from './select.ts';
import { type Synced, syncComponent } from './sync-component.ts';
import { mendUrls, type UrlDrift, urlDrifts } from './url-drift.ts';

export interface SyncOptions extends Selection {
  /**
   * Be on the branches that components follow, where that loses nothing; by itself as the checkout was cloned
   * (`superproject.attach` of its configuration).
   */
  readonly attach?: boolean | undefined;
  /** The superproject's branch, for components that follow `.`; by itself the one checked out. */
  readonly branch?: string | undefined;
  /** Components of components as well; true unless told. */
  readonly isRecursive?: boolean | undefined;
  readonly depth?: number | undefined;
  readonly reference?: string | undefined;
  /** Only note the commands. */
  readonly dryRun?: boolean | undefined;
  /** Components that are worked on at once; 16 unless told. */
  readonly jobs?: number | undefined;
  readonly onProgress?: ((text: string) => void) | undefined;
}

/** One component after a sync. Its path is from the outermost superproject. */
export interface SyncedComponent extends Omit<Synced, 'status'> {
  readonly name: string;
  readonly path: string;
  readonly pin: string | undefined;
  /** It is a component of a component. */
  readonly isNested: boolean;
  readonly status: Synced['status'] | 'failed';
  readonly error?: SkerryError;
}

export interface SyncResult {
  readonly components: readonly SyncedComponent[];
  /** Work trees that the checked-out commit has no use for: removed, or left for a reason. */
  readonly leftOvers: readonly LeftOver[];
  readonly commands: readonly string[];
  readonly connections: number;
}

const WIDTH = 16;

/**
 * Brings the components of a checkout to their pins; never moves a pin. A component that fails, or that holds somebody's
 * work, is reported and stops no other.
 *
 * @throws SP_NOT_HERE, SP_GITMODULES_INVALID, SP_COMPONENT_UNKNOWN
 */
export async function sync(
  network: Network,
  root: string,
  options: SyncOptions = {},
): Promise<SyncResult> {
  await using _lock = await lockCheckout(network, root, {
    command: 'sync',
    isDryRun: options.dryRun,
  });
  const changes = new Changes(network, options.dryRun);
  const found = { components: [] as SyncedComponent[], leftOvers: [] as LeftOver[] };
  await level({ changes, options, found, isAttaching: options.attach }, root, '');
  return { ...found, commands: changes.commands, connections: network.connections };
}

interface Work {
  readonly changes: Changes;
  readonly options: SyncOptions;
  /** As asked for; below the outermost superproject, as that one has it. */
  readonly isAttaching: boolean | undefined;
  readonly found: { components: SyncedComponent[]; leftOvers: LeftOver[] };
}

/** One superproject; `prefix` is its path in the outermost one, with a slash at the end. */
async function level(above: Work, root: string, prefix: string): Promise<void> {
  const { changes, options, found } = above;
  const isTop = prefix === '';
  const { checkout, stuck, drifts } = await prepare(above, root, prefix);
  const kept = checkout.config.get('superproject.attach') === 'true';
  const work = { ...above, isAttaching: above.isAttaching ?? kept };
  const selection = isTop ? { ...options, groups: groupsInUse(checkout, options) } : {};
  const chosen = selectFrom(checkout, selection).filter((one) => isActive(checkout, one));
  await initialise(changes, checkout, chosen);
  const branch = (isTop ? options.branch : undefined) ?? checkout.head.branch;
  const chosenUrls = new Set(drifts.map(({ component }) => component.name));
  let done = 0;
  const synced = await each(
    chosen,
    options.jobs ?? WIDTH,
    async (one): Promise<SyncedComponent> => {
      const held = stuck.get(one.name);
      const outcome = held ? leftAt(held) : await attempt(work, checkout, one, branch);
      options.onProgress?.(`${++done}/${chosen.length} ${prefix}${one.path}`);
      const notes = chosenUrls.has(one.name) ? [...outcome.notes, OTHER_URL] : outcome.notes;
      const { name, pin } = one;
      return { name, path: prefix + one.path, pin, isNested: !isTop, ...outcome, notes };
    },
  );
  found.components.push(...synced);
  if (options.isRecursive === false) return;
  for (const [index, { dir, path }] of chosen.entries())
    if (isReadable(synced[index]?.status, changes.isDryRun) && isSuperproject(dir))
      await nested(work, dir, `${prefix}${path}/`);
}

/** A plan can look only into components that stay where they are. */
function isReadable(status: SyncedComponent['status'] | undefined, isDryRun: boolean): boolean {
  return isDryRun ? status === 'unchanged' || status === 'left' : status !== 'failed';
}

const OTHER_URL = 'is fetched from another url than .gitmodules says';

interface Prepared {
  readonly checkout: Checkout;
  /** Components whose work tree could not leave the path of before. */
  readonly stuck: ReadonlyMap<string, LeftOver>;
  /** Urls that somebody chose. */
  readonly drifts: readonly UrlDrift[];
}

/** What a switch to another commit left to be done: work trees that are gone, urls that changed. */
async function prepare(
  { changes, options, found }: Work,
  root: string,
  prefix: string,
): Promise<Prepared> {
  const { signal } = changes;
  const before = await readCheckout(root, signal);
  if (!changes.isDryRun) await sweepClones(before);
  // Who names components means those and no others.
  const { words = [], cwd } = prefix === '' ? options : {};
  const named = new Set(selectFrom(before, { words, cwd }).map(({ name }) => name));
  const overs = findLeftOvers(before).filter(({ name }) => words.length === 0 || named.has(name));
  const cleared = await each(overs, WIDTH, (one) => clearLeftOver(changes, one, root));
  found.leftOvers.push(...cleared.map((one) => ({ ...one, path: prefix + one.path })));
  const drifts = await urlDrifts(before, signal);
  await mendUrls(changes, before, drifts);
  const isMended = drifts.some(({ isStale }) => isStale);
  return {
    checkout: isMended ? await readCheckout(root, signal) : before,
    stuck: new Map(cleared.filter(({ reason }) => reason).map((one) => [one.name, one])),
    drifts: drifts.filter(({ isStale }) => !isStale),
  };
}

function leftAt({ path, reason }: LeftOver): Pick<SyncedComponent, 'status' | 'notes'> {
  return { status: 'left', notes: [`its work tree is still at ${path}: ${reason}`] };
}

async function attempt(
  { changes, options, isAttaching = false }: Work,
  checkout: Checkout,
  component: CheckoutComponent,
  superBranch: string | undefined,
): Promise<Omit<SyncedComponent, 'name' | 'path' | 'pin' | 'isNested'>> {
  try {
    return await syncComponent(changes, checkout, component, {
      isAttaching,
      branch: trackedBranch(component, superBranch),
      depth: options.depth ?? (component.shallow ? 1 : undefined),
      reference: options.reference,
      elsewhere: elsewhere(checkout, component),
    });
  } catch (error) {
    changes.signal?.throwIfAborted();
    if (!(error instanceof SkerryError)) throw error;
    return { status: 'failed', notes: [], error };
  }
}

/** The same place beside the other remotes of the superproject: in a fork, those of what it was forked from. */
function elsewhere(
  { remotes, url: own }: Checkout,
  { url, remote, configuredUrl = remote }: CheckoutComponent,
): readonly string[] {
  if (!isRelative(url) || configuredUrl !== remote) return [];
  const others = [...remotes.values()].filter((other) => other !== own);
  return others.map((other) => resolveUrl(other, url));
}

async function nested(work: Work, dir: string, prefix: string): Promise<void> {
  try {
    await level(work, dir, prefix);
  } catch (error) {
    work.changes.signal?.throwIfAborted();
    if (!(error instanceof SkerryError) && !(error instanceof SkerryErrors)) throw error;
    const { components } = work.found;
    const at = components.findIndex(({ path }) => `${path}/` === prefix);
    const above = components[at];
    const data = { path: prefix.slice(0, -1), reason: error.message };
    const broken = new SkerryError('SP_COMPONENT_BROKEN', { data, cause: error });
    if (above) components[at] = { ...above, status: 'failed', error: broken };
  }
}

/** What `git submodule init` writes, for all that lack it, in one go. */
async function initialise(
  changes: Changes,
  { root, commonDir }: Checkout,
  chosen: readonly CheckoutComponent[],
): Promise<void> {
  const keys: KeyChange[] = chosen
    .filter(({ configuredUrl, pin }) => configuredUrl === undefined && pin !== undefined)
    .flatMap(({ name, remote }) => [
      { name, key: 'active', value: 'true' },
      { name, key: 'url', value: remote },
    ]);
  if (!changes.isDryRun) await changeConfig(join(commonDir, 'config'), keys);
  for (const { name, key, value = '' } of keys)
    await changes.own(['config', `submodule.${name}.${key}`, value], root, async () => {});
}
