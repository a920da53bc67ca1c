import { SkerryError, SkerryErrors } from '../util/errors.ts';
import { buildCommit } from './build-commit.ts';
import { fetchPin } from './fetch-pin.ts';
import { formatGit, formatWords } from './format-git.ts';
import { setKeys } from './edit-gitmodules.ts';
import type { Network } from './network.ts';
import { DEFAULT_IDENTITY } from './nightly.ts';
import type { ProvenPin } from './nested-pins.ts';
import { keepCommands, keepProven, proveAll } from './prove-pin.ts';
import { pushPin } from './push-pin.ts';
import { publish, publishCommand } from './publish.ts';
import { type PinnedComponent, readSuperproject, type Superproject } from './read-superproject.ts';
import { branchTip, listRefs, type Refs } from './remote-refs.ts';
import { checkRefName } from './ref-name.ts';
import { resolveRef } from './resolve-ref.ts';
import { Scratch } from './scratch.ts';
import { settle } from './settle.ts';
import { keepRef, trackedBranch } from './tracked.ts';

export interface BranchOptions {
  readonly url: string;
  /** The new branch's name. */
  readonly name: string;
  /** A tag or branch of the superproject whose pins it begins with. */
  readonly from: string;
  /** Component (name or path) to the branch it follows instead, which must be there. */
  readonly except?: ReadonlyMap<string, string>;
  /** Write `branch = .`, which means the superproject's branch, instead of the name. */
  readonly inherit?: boolean | undefined;
  readonly identity?: string | undefined;
  readonly signKey?: string | undefined;
  readonly dryRun?: boolean | undefined;
  readonly onProgress?: ((text: string) => void) | undefined;
}

export interface BranchResult {
  readonly status: 'published' | 'planned' | 'existing';
  readonly name: string;
  readonly commit: string;
  /** The commit it begins at. */
  readonly from: string;
  readonly components: readonly {
    readonly name: string;
    readonly branch: string;
    readonly pin: string;
    /** `other`: it follows a branch of its own; `ahead`: somebody committed to the new branch already. */
    readonly state: 'create' | 'there' | 'ahead' | 'other';
  }[];
  readonly warnings: readonly string[];
  readonly commands: readonly string[];
}

interface Part {
  readonly component: PinnedComponent;
  readonly pin: string;
  readonly branch: string;
  readonly refs: Refs;
  readonly state: BranchResult['components'][number]['state'];
}

/**
 * Makes a release branch on every component, at the commit that is pinned, and then on the superproject. Everything is
 * checked before anything is written. The components come first: killed on the way, the superproject has no new branch
 * yet, and the same command goes on. Its commit is the same whoever makes it.
 *
 * @throws SP_REF_NAME, SkerryErrors with everything that is refused; SP_BRANCH_PARTIAL, SP_BRANCH_EXISTS
 */
export async function branch(network: Network, options: BranchOptions): Promise<BranchResult> {
  const { url, name, from, onProgress, identity = DEFAULT_IDENTITY } = options;
  checkRefName('the branch', name);
  for (const [component, own] of options.except ?? [])
    checkRefName(`the branch of ${component}`, own);
  await using scratch = await Scratch.create();
  onProgress?.('reading the superproject');
  const start = await resolveRef(network, url, from, [`refs/heads/${name}`, `refs/tags/${name}`]);
  if (start.refs.has(`refs/tags/${name}`))
    throw new SkerryError('SP_BRANCH_IS_TAG', { data: { url, branch: name } });
  const base = await readSuperproject(network, scratch, { url, commit: start.commit });
  onProgress?.(`reading ${base.components.length} components`);
  const parts = await planParts(network, scratch, base, options);
  onProgress?.('verifying pins');
  // All of them before the first is made. A pin's own keep ref says nothing of the pins of its components.
  const proven = await proveAll(
    network,
    scratch,
    parts.map((part) => ({ ...part, branch: branchWithPin(part) })),
  );
  const work = parts.map((part, at) => [part, proven[at] as ProvenPin] as const);
  const commit = await buildCommit(base, {
    pins: new Map(),
    gitmodules: setKeys(
      base.gitmodules,
      parts.map((part) => branchKey(part, options)),
    ),
    stamp: { identity, seconds: base.seconds },
    message: formatBranchMessage(name, base.commit, parts),
    signKey: options.signKey,
  });
  const present = start.refs.get(`refs/heads/${name}`);
  if (present !== undefined && present !== commit) throw exists(options, present);
  const publication = {
    url,
    gitDir: base.gitDir,
    updates: [{ ref: `refs/heads/${name}`, to: commit, expected: undefined }],
  };
  const creating = parts.filter(({ state }) => state === 'create');
  const found = {
    name,
    commit,
    from: base.commit,
    components: parts.map(({ component, branch: on, pin, state }) => ({
      name: component.name,
      branch: on,
      pin,
      state,
    })),
    commands: [
      ...new Set(work.flatMap(([part, pin]) => commandsOf(part, pin))),
      ...(present === undefined ? [formatGit(publishCommand(publication))] : []),
    ],
  };
  if (options.dryRun) return { ...found, status: 'planned', warnings: [] };
  onProgress?.(`making ${name} in ${creating.length} components`);
  const warnings = await createAll(network, scratch, work, options, base.commit);
  if (present !== undefined) return { ...found, status: 'existing', warnings };
  onProgress?.('publishing');
  if ((await publish(network, publication)) === 'lost') {
    const { refs } = await listRefs(network, url, [`refs/heads/${name}`]);
    throw exists(options, refs.get(`refs/heads/${name}`) ?? '');
  }
  return { ...found, status: 'published', warnings };
}

async function planParts(
  network: Network,
  scratch: Scratch,
  base: Superproject,
  options: BranchOptions,
): Promise<Part[]> {
  const { except = new Map<string, string>(), url } = options;
  const unknown: SkerryError[] = [];
  const known = new Set(base.components.flatMap(({ name, path }) => [name, path]));
  const names = base.components.map(({ path }) => path).join(', ') || 'none';
  for (const name of except.keys())
    if (!known.has(name))
      unknown.push(new SkerryError('SP_COMPONENT_UNKNOWN', { data: { url, name, names } }));
  const { results, errors } = await settle(base.components, (component) =>
    planPart(network, scratch, component, options),
  );
  const all = [...unknown, ...errors, ...sharedBranches(results)];
  if (all.length > 0) throw new SkerryErrors(all);
  return results;
}

/** The errors of components that are one repository, where its branch is to begin at different pins. */
function sharedBranches(parts: readonly Part[]): SkerryError[] {
  const creating = parts.filter(({ state }) => state === 'create');
  const groups = Map.groupBy(creating, ({ component }) => component.remote);
  return [...groups].flatMap(([url, [first, ...rest]]) =>
    rest.flatMap(({ component: { name }, pin, branch: own }) => {
      if (first === undefined || pin === first.pin) return [];
      const data = { name, other: first.component.name, url, branch: own };
      return [new SkerryError('SP_BRANCH_SHARED', { data })];
    }),
  );
}

async function planPart(
  network: Network,
  scratch: Scratch,
  component: PinnedComponent,
  { name: wanted, except }: BranchOptions,
): Promise<Part> {
  const { name, path, pin, remote: url } = component;
  if (pin === undefined) throw new SkerryError('SP_UNPINNED', { data: { name } });
  const other = except?.get(name) ?? except?.get(path);
  const branchName = other ?? wanted;
  const patterns = [`refs/heads/${branchName}`, keepRef(pin)];
  const { refs } = await listRefs(network, url, patterns, name);
  const part = { component, pin, branch: branchName, refs };
  if (other !== undefined) {
    branchTip(refs, other, url, name);
    return { ...part, state: 'other' };
  }
  const tip = refs.get(`refs/heads/${wanted}`);
  if (tip === undefined) return { ...part, state: 'create' };
  if (tip === pin) return { ...part, state: 'there' };
  const question = { url, about: name, to: tip, from: pin, refs };
  if ((await fetchPin(network, scratch, question)).relation === 'forward')
    return { ...part, state: 'ahead' };
  throw new SkerryError('SP_BRANCH_TAKEN', { data: { name, branch: wanted, tip, pin } });
}

function branchKey(
  { component, branch: own, state }: Part,
  { inherit }: BranchOptions,
): { name: string; key: string; value: string } {
  const value = inherit && state !== 'other' ? '.' : own;
  return { name: component.name, key: 'branch', value };
}

/** The arguments of the push that makes the branch of one component. */
function createCommand({ component, branch: name, pin }: Part): string[] {
  const ref = `refs/heads/${name}`;
  const lease = `--force-with-lease=${ref}:`;
  return ['push', '--quiet', '--no-thin', lease, '--', component.remote, `${pin}:${ref}`];
}

/** The pushes of one component, in their order. */
function commandsOf(part: Part, pin: ProvenPin): string[] {
  return [
    ...keepCommands(isKept(part) ? pin.nested : [pin]),
    ...(part.state === 'create' ? [formatGit(createCommand(part))] : []),
  ];
}

function isKept({ refs, pin }: Part): boolean {
  return refs.get(keepRef(pin)) === pin;
}

async function createAll(
  network: Network,
  scratch: Scratch,
  work: readonly (readonly [Part, ProvenPin])[],
  options: BranchOptions,
  commit: string,
): Promise<string[]> {
  const { name: branchName } = options;
  const { results, errors: failed } = await settle(work, async ([part, pin]) => {
    const refusals = await keepProven(network, scratch, pin, isKept(part));
    const create = (): Promise<void> => pushPin(network, scratch, pin.own, createCommand(part));
    // Once for two components that are one repository.
    if (part.state === 'create') await scratch.once(`branch ${part.component.remote}`, create);
    return refusals.map(({ name, reason }) => `${name}: ${reason}`);
  });
  if (failed.length === 0) return results.flat();
  const reason = failed.map(({ message }) => message).join('\n');
  const data = {
    ...{ name: branchName, count: failed.length, of: work.length, reason },
    resume: resumeCommand(options, commit),
  };
  throw new SkerryError('SP_BRANCH_PARTIAL', { data, cause: failed[0] });
}

function branchWithPin({ component, state, branch: name }: Part): string | undefined {
  return state === 'create' ? trackedBranch(component, undefined) : name;
}

/** With all that was said, and the commit itself: the branch it was taken from may go on meanwhile. */
function resumeCommand(options: BranchOptions, commit: string): string {
  const { url, name, except, inherit, identity, signKey } = options;
  return formatWords([
    ...['skerry', 'superproject', 'branch', name, '--url', url, '--from', commit],
    ...[...(except ?? [])].flatMap(([component, own]) => ['--except', `${component}=${own}`]),
    ...(inherit ? ['--inherit'] : []),
    ...(identity === undefined ? [] : ['--identity', identity]),
    ...(signKey === undefined ? [] : ['--sign', signKey]),
  ]);
}

function formatBranchMessage(name: string, commit: string, parts: readonly Part[]): string {
  const other = parts
    .filter(({ state }) => state === 'other')
    .map(({ component, branch: own }) => `${component.path}: follows ${own}`)
    .sort();
  const title = `Begin ${name}`;
  const what = `Components follow ${name}, from where ${commit.slice(0, 12)} has them.`;
  return `${[title, what, ...(other.length > 0 ? [other.join('\n')] : [])].join('\n\n')}\n`;
}

function exists({ url, name, from }: BranchOptions, tip: string): SkerryError {
  return new SkerryError('SP_BRANCH_EXISTS', { data: { url, name, from, tip: tip.slice(0, 12) } });
}
