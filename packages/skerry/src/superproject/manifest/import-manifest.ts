import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SkerryError, SkerryErrors } from '../../util/errors.ts';
import { shellQuote } from '../../util/shell-quote.ts';
import { Changes } from '../checkout/changes.ts';
import { type Checkout, readCheckout } from '../checkout/checkout.ts';
import { lockCheckout } from '../checkout/lock.ts';
import { applyEdit, checkEdit, refuseUnstaged } from '../checkout/edit-modules.ts';
import { removeEmpty } from '../checkout/left-over.ts';
import { refuseUnsafePlace } from '../checkout/link.ts';
import { allOrNothing } from '../checkout/undo.ts';
import { type KeyChange, setKeys } from '../edit-gitmodules.ts';
import { runGit } from '../git.ts';
import { resolveUrl } from '../module-url.ts';
import type { Network } from '../network.ts';
import { isLocal } from '../read-superproject.ts';
import { parseManifest } from './formats.ts';
import type { Format, Loss, PlacedProject } from './project.ts';
import { type ResolvedProject, resolveProject } from './resolve-project.ts';

export interface ImportOptions {
  readonly text: string;
  /** The manifest's name, for errors. */
  readonly file: string;
  /** Found from name and text unless told. */
  readonly format?: Format | undefined;
  /** The url of the manifest's own repository: relative urls begin there; else at the superproject's. */
  readonly manifestUrl?: string | undefined;
  readonly dryRun?: boolean | undefined;
  readonly onProgress?: ((text: string) => void) | undefined;
}

export interface Imported {
  readonly added: readonly {
    readonly name: string;
    readonly path: string;
    readonly pin: string;
    /** None: it stays at its pin (`superproject-policy = frozen`). */
    readonly branch: string | undefined;
  }[];
  /** Paths of those that were components already, with the same remote. */
  readonly known: readonly string[];
  readonly losses: readonly Loss[];
  readonly commands: readonly string[];
}

/**
 * Adds what a manifest of another tool names to `.gitmodules` and the index of a checkout, staged and not committed; all of
 * it or nothing. Nothing is cloned: that is for `sync`. All is read from the remotes before anything changes.
 *
 * @throws SkerryErrors of SP_MANIFEST_INVALID; SP_MANIFEST_TAKEN, SP_GITMODULES_UNSTAGED, and what resolveProject throws
 */
export async function importManifest(
  network: Network,
  root: string,
  options: ImportOptions,
): Promise<Imported> {
  const { text, file, format, manifestUrl } = options;
  const { signal } = network;
  await using _lock = await lockCheckout(network, root, {
    command: 'manifest import',
    isDryRun: options.dryRun,
  });
  const checkout = await readCheckout(root, signal);
  await refuseUnstaged(checkout, signal);
  const base = manifestUrl ?? checkout.url;
  const { projects, losses } = parseManifest(text, { file, format, isLocal: isLocal(base), base });
  const placed = projects.map((project) => ({ ...project, url: urlFor(project, manifestUrl) }));
  const { fresh, known } = await sort(checkout, placed);
  const resolved = await resolveAll(network, checkout, fresh, options.onProgress);
  const changes = new Changes(network, options.dryRun);
  if (resolved.length > 0) await apply(changes, checkout, resolved);
  return {
    added: resolved.map(({ project: { name, path }, pin, branch }) => ({
      name,
      path,
      pin,
      branch,
    })),
    known,
    losses: [...losses, ...ownLosses(resolved)],
    commands: changes.commands,
  };
}

function urlFor({ url }: PlacedProject, manifestUrl: string | undefined): string {
  return manifestUrl === undefined ? url : resolveUrl(manifestUrl, url);
}

/** Those that are new, and those that are here already. @throws SkerryErrors of SP_MANIFEST_TAKEN */
async function sort(
  { root, url, components }: Checkout,
  projects: readonly PlacedProject[],
): Promise<{ fresh: readonly PlacedProject[]; known: readonly string[] }> {
  const out = await runGit(['ls-files', '-z'], { cwd: root });
  const files = out.toString().split('\0').filter(Boolean);
  const tracked = new Set(files);
  const folders = new Set(files.flatMap(foldersOf));
  const here = new Map(components.flatMap((one) => [[one.path, one] as const]));
  const names = new Map(components.map((one) => [one.name, one]));
  const fresh: PlacedProject[] = [];
  const known: string[] = [];
  const errors: SkerryError[] = [];
  for (const project of projects) {
    const { name, path } = project;
    const component = here.get(path);
    const file = [path, ...foldersOf(path)].find((each) => tracked.has(each));
    const what = component
      ? `the component there has another url, ${component.url}`
      : names.has(name)
        ? `the component at ${names.get(name)?.path} has its name`
        : folders.has(path) || file !== undefined
          ? `git tracks files of the superproject there`
          : undefined;
    if (component && component.remote === resolveUrl(url, project.url)) known.push(path);
    else if (what === undefined) fresh.push(project);
    else errors.push(new SkerryError('SP_MANIFEST_TAKEN', { data: { path, what } }));
  }
  if (errors.length > 0) throw new SkerryErrors(errors);
  return { fresh, known };
}

function foldersOf(path: string): string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_, at) => parts.slice(0, at + 1).join('/'));
}

/** All at once, and all that is wrong at once. */
async function resolveAll(
  network: Network,
  { url, head }: Checkout,
  projects: readonly PlacedProject[],
  onProgress?: (text: string) => void,
): Promise<readonly ResolvedProject[]> {
  let done = 0;
  const answers = await Promise.allSettled(
    projects.map(async (project) => {
      const remote = resolveUrl(url, project.url);
      const found = await resolveProject(network, { project, remote, superBranch: head.branch });
      onProgress?.(`${++done}/${projects.length} ${project.path}`);
      return found;
    }),
  );
  network.signal?.throwIfAborted();
  const errors: SkerryError[] = [];
  const resolved: ResolvedProject[] = [];
  for (const answer of answers) {
    if (answer.status === 'fulfilled') resolved.push(answer.value);
    else if (answer.reason instanceof SkerryError) errors.push(answer.reason);
    else throw answer.reason;
  }
  if (errors.length > 0) throw new SkerryErrors(errors);
  return resolved;
}

async function apply(
  changes: Changes,
  checkout: Checkout,
  resolved: readonly ResolvedProject[],
): Promise<void> {
  const { root, gitmodules } = checkout;
  const sections = resolved.map(keysOf);
  // Each section by itself: to read a long file again for each key takes minutes.
  const added = sections.map((keys) => setKeys('', keys)).join('');
  const gap = gitmodules === '' || gitmodules.endsWith('\n') ? '' : '\n';
  const text = `${gitmodules}${gap}${added}`;
  checkEdit(checkout, text);
  for (const { project } of resolved) refuseUnsafePlace(checkout, project);
  const commands = sections
    .flat()
    .map(({ name, key, value = '' }) => [
      'config',
      '-f',
      '.gitmodules',
      `submodule.${name}.${key}`,
      value,
    ]);
  const links = new Map(resolved.map(({ project, pin }) => [project.path, pin]));
  await allOrNothing(async (defer) => {
    // As after a stock clone: an empty folder, and not one that git calls deleted.
    for (const { project } of resolved)
      await changes.own(`mkdir -p -- ${shellQuote(join(root, project.path))}`, root, async () => {
        const dir = join(root, project.path);
        defer(() => removeEmpty(dir, root));
        await mkdir(dir, { recursive: true });
      });
    // The index last: it is the one thing that is not taken back.
    await applyEdit(changes, checkout, { text, commands, links }, defer);
  });
}

function keysOf({ project, branch }: ResolvedProject): KeyChange[] {
  const { name, path, url, groups } = project;
  return [
    { name, key: 'path', value: path },
    { name, key: 'url', value: url },
    branch === undefined
      ? { name, key: 'superproject-policy', value: 'frozen' }
      : { name, key: 'branch', value: branch },
    ...(groups.length > 0 ? [{ name, key: 'superproject-group', value: groups.join(',') }] : []),
  ];
}

/** What the manifest says and plain submodules do not. */
function ownLosses(resolved: readonly ResolvedProject[]): readonly Loss[] {
  const paths = (test: (one: ResolvedProject) => boolean): string[] =>
    resolved.filter(test).map(({ project }) => project.path);
  const tags = paths(({ tag }) => tag !== undefined);
  const pins = paths(({ tag, branch }) => tag === undefined && branch === undefined);
  return [
    { what: 'a tag and no branch: pinned there, and frozen (superproject-policy)', names: tags },
    { what: 'a commit and no branch: frozen there (superproject-policy)', names: pins },
  ].filter(({ names }) => names.length > 0);
}
