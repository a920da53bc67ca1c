// The manifests of repo (Android): docs/manifest-format.md of git-repo.
import {
  joinUrl,
  Losses,
  type ManifestProject,
  manifestError,
  type ParsedManifest,
  type PlacedProject,
  remotesOf,
  revisionOf,
  splitUrl,
  type WrittenManifest,
} from './project.ts';
import { escapeXml, parseXml, type XmlElement } from './xml.ts';

/** Keeps what repo has no word for: repo hands annotations on, and does nothing with them. */
const NAME_NOTE = 'superproject-name';
const CARRIED = new Set(['name', 'path', 'remote', 'revision', 'upstream', 'groups']);
/** Belongs to the tool and not to what the manifest describes. */
const SILENT = new Set(['notice', 'contactinfo']);

interface Defaults {
  readonly remotes: ReadonlyMap<string, Readonly<Record<string, string>>>;
  readonly values: Readonly<Record<string, string>>;
}

/**
 * Reads a manifest of repo. A relative `fetch` stays relative: repo begins at the manifest's repository, a superproject
 * at its own, which is right for one that is put beside it.
 *
 * @throws SP_MANIFEST_INVALID
 */
export function parseRepoXml(text: string, file: string): ParsedManifest {
  const root = parseXml(text, file);
  if (root.name !== 'manifest')
    throw manifestError(file, root.line, `its root is <${root.name}> and not <manifest>`);
  const losses = new Losses();
  const defaults = defaultsOf(root);
  const projects: PlacedProject[] = [];
  const read = (element: XmlElement, above: string): void => {
    const project = projectOf(element, { defaults, file, losses, above });
    projects.push(project);
    for (const child of element.children) if (child.name === 'project') read(child, project.path);
  };
  for (const element of root.children) {
    if (element.name === 'project') read(element, '');
    else if (!['remote', 'default'].includes(element.name) && !SILENT.has(element.name))
      losses.add(`<${element.name}> is not followed`, nameOf(element));
  }
  return { projects, losses: losses.list() };
}

/** What tells an element from others of its kind. */
function nameOf({ attributes, line }: XmlElement): string {
  const { name, path, project } = attributes;
  return name ?? path ?? project ?? `line ${line}`;
}

function defaultsOf(root: XmlElement): Defaults {
  const of = (name: string): XmlElement[] => root.children.filter((child) => child.name === name);
  const remotes = of('remote').map(
    ({ attributes }) => [attributes['name'] ?? '', attributes] as const,
  );
  return { remotes: new Map(remotes), values: of('default')[0]?.attributes ?? {} };
}

function projectOf(
  { attributes, children, line }: XmlElement,
  {
    defaults: { remotes, values },
    file,
    losses,
    above,
  }: { defaults: Defaults; file: string; losses: Losses; above: string },
): PlacedProject {
  const { name } = attributes;
  if (!name) throw manifestError(file, line, 'a <project> has no name');
  const remoteName = attributes['remote'] ?? values['remote'] ?? '';
  const remote = remotes.get(remoteName);
  const fetch = remote?.['fetch'];
  if (fetch === undefined)
    throw manifestError(file, line, `${name}: there is no <remote> '${remoteName}' with a fetch`);
  for (const key of Object.keys(attributes))
    if (!CARRIED.has(key)) losses.add(`${key} of <project> is not carried over`, name);
  for (const child of children)
    if (child.name !== 'project' && !isNameNote(child))
      losses.add(`<${child.name}> of <project> is not carried over`, name);
  const own = attributes['path'] ?? name;
  const path = above === '' ? own : `${above}/${own}`;
  const revision = attributes['revision'] ?? remote?.['revision'] ?? values['revision'] ?? '';
  const upstream = attributes['upstream'] ?? values['upstream'];
  const followed = revisionOf(revision);
  const branch =
    followed.branch ?? (upstream === undefined ? undefined : revisionOf(upstream).branch);
  return {
    name: children.find(isNameNote)?.attributes['value'] ?? path,
    path,
    url: urlOf(fetch, name),
    ...(branch !== undefined && { branch }),
    ...(followed.pin !== undefined && { pin: followed.pin }),
    groups: (attributes['groups'] ?? '').split(/[\s,]+/).filter(Boolean),
    line,
  };
}

function isNameNote({ name, attributes }: XmlElement): boolean {
  return name === 'annotation' && attributes['name'] === NAME_NOTE;
}

/** repo joins as RFC 3986 does: `..` is above the folder that holds the manifest's repository, so one step more than git's. */
function urlOf(fetch: string, name: string): string {
  if (!/^\.{1,2}(\/|$)/.test(fetch)) return joinUrl(fetch, name);
  const steps = fetch.split('/').filter((part) => part !== '' && part !== '.');
  return ['..', ...steps, name].join('/');
}

/** Writes a manifest for repo: pins with the branch as upstream, as `repo manifest -r` does. */
export function formatRepoXml(projects: readonly ManifestProject[]): WrittenManifest {
  const remotes = remotesOf(projects);
  const losses = new Losses();
  const lines = projects.map((project) => {
    const { name, path, url, branch, pin, groups } = project;
    const { base, rest } = splitUrl(url);
    const revision = pin ?? branch;
    if (revision === undefined)
      losses.add("repo knows no 'default branch': it takes main, the <default>", path);
    const remote = remotes.get(base) ?? 'origin';
    const start = tag('project', {
      name: rest,
      path,
      remote: remote === 'origin' ? undefined : remote,
      revision,
      upstream: pin === undefined ? undefined : branch,
      groups: groups.length > 0 ? groups.join(',') : undefined,
    });
    if (name === path) return `  <${start} />`;
    const note = tag('annotation', { name: NAME_NOTE, value: name });
    return `  <${start}>\n    <${note} />\n  </project>`;
  });
  const heads = [...remotes].map(([fetch, name]) => `  <${tag('remote', { name, fetch })} />`);
  const body = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<manifest>',
    ...heads,
    `  <${tag('default', { remote: 'origin', revision: 'main' })} />`,
    ...lines,
    '</manifest>',
  ];
  return { text: `${body.join('\n')}\n`, losses: losses.list() };
}

function tag(name: string, attributes: Readonly<Record<string, string | undefined>>): string {
  const words = Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}="${escapeXml(value)}"`],
  );
  return [name, ...words].join(' ');
}
