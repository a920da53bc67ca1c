// west.yml of Zephyr's west: docs.zephyrproject.org, "West Manifests"; src/west/manifest-schema.yml.
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
import { formatYaml, isMap, listOf, parseYaml, textOf, type YamlMap } from './yaml.ts';

/** The key of `userdata` that holds what west has no word for; west hands userdata on and does nothing with it. */
const USERDATA = 'superproject';
const CARRIED = new Set(['name', 'url', 'remote', 'repo-path', 'revision', 'path', 'groups']);
const SECTIONS = new Set(['defaults', 'remotes', 'projects', 'version']);

/** @throws SP_MANIFEST_INVALID */
export function parseWestYaml(text: string, file: string): ParsedManifest {
  const { root, lineOf } = parseYaml(text, file);
  const manifest = root['manifest'];
  if (!isMap(manifest)) throw manifestError(file, 1, "it has no 'manifest'");
  const losses = new Losses();
  lostSections(manifest, losses);
  const defaults = isMap(manifest['defaults']) ? manifest['defaults'] : {};
  const bases = new Map(
    listOf(manifest['remotes']).flatMap((remote) =>
      isMap(remote) ? [[textOf(remote['name']), textOf(remote['url-base'])] as const] : [],
    ),
  );
  const projects = listOf(manifest['projects']).map((project, at): PlacedProject => {
    const line = lineOf('manifest', 'projects', at);
    if (!isMap(project)) throw manifestError(file, line, 'a project is not a map of keys');
    const found = projectOf(project, { defaults, bases });
    if (typeof found === 'string') throw manifestError(file, line, found);
    lostKeys(project, found.name, losses);
    return { ...found, line };
  });
  return { projects, losses: losses.list() };
}

interface Around {
  readonly defaults: YamlMap;
  readonly bases: ReadonlyMap<string | undefined, string | undefined>;
}

/** A project, or what is wrong with it. */
function projectOf(project: YamlMap, { defaults, bases }: Around): ManifestProject | string {
  const name = textOf(project['name']);
  if (!name) return 'a project has no name';
  const remote = textOf(project['remote']) ?? textOf(defaults['remote']);
  const base = bases.get(remote);
  const url =
    textOf(project['url']) ??
    (base === undefined ? undefined : joinUrl(base, textOf(project['repo-path']) ?? name));
  if (url === undefined)
    return remote === undefined
      ? `${name} has neither a url nor a remote`
      : `${name}: there is no remote '${remote}' with a url-base`;
  const followed = revisionOf(
    textOf(project['revision']) ?? textOf(defaults['revision']) ?? 'master',
  );
  const branch = followed.branch ?? ownNote(project, 'branch');
  return {
    name: ownNote(project, 'name') ?? name,
    path: textOf(project['path']) ?? name,
    url,
    ...(branch !== undefined && { branch }),
    ...(followed.pin !== undefined && { pin: followed.pin }),
    groups: listOf(project['groups']).flatMap((group) => textOf(group) ?? []),
  };
}

function ownNote(project: YamlMap, key: string): string | undefined {
  const userdata = project['userdata'];
  const notes = isMap(userdata) ? userdata[USERDATA] : undefined;
  return isMap(notes) ? textOf(notes[key]) : undefined;
}

function lostSections(manifest: YamlMap, losses: Losses): void {
  for (const [key, value] of Object.entries(manifest)) {
    if (SECTIONS.has(key)) continue;
    if (key !== 'self') losses.add(`${key} is not carried over`, key);
    else if (isMap(value))
      for (const own of Object.keys(value)) losses.add(`${own} of 'self' is not followed`, 'self');
  }
}

function lostKeys(project: YamlMap, name: string, losses: Losses): void {
  for (const [key, value] of Object.entries(project)) {
    const isOurs = key === 'userdata' && isMap(value) && Object.keys(value).join() === USERDATA;
    if (CARRIED.has(key) || isOurs) continue;
    losses.add(key === 'import' ? 'import is not followed' : `${key} is not carried over`, name);
  }
}

/** Writes a west.yml with pins as revisions; the branches, which west does not know beside them, as userdata. */
export function formatWestYaml(projects: readonly ManifestProject[]): WrittenManifest {
  const losses = new Losses();
  const remotes = remotesOf(projects);
  const taken = new Set(['west', 'manifest']);
  const written = projects.map(({ name, path, url, branch, pin, groups }) => {
    const { base, rest } = splitUrl(url);
    const own = freeName(name, taken);
    if (own !== name) losses.add(`west takes no such name: ${own} is written`, name);
    const isKnown = groups.filter((group) => /^[^\s,:+-][^\s,:]*$/.test(group));
    for (const group of groups)
      if (!isKnown.includes(group)) losses.add(`west takes no group '${group}'`, name);
    if (pin === undefined && branch === undefined)
      losses.add("west knows no 'default branch': HEAD is written", name);
    const notes = {
      ...(pin !== undefined && branch !== undefined && { branch }),
      ...(own !== name && { name }),
    };
    return {
      name: own,
      remote: remotes.get(base),
      ...(rest !== own && { 'repo-path': rest }),
      revision: pin ?? branch ?? 'HEAD',
      path,
      ...(isKnown.length > 0 && { groups: isKnown }),
      ...(Object.keys(notes).length > 0 && { userdata: { [USERDATA]: notes } }),
    };
  });
  const heads = [...remotes].map(([base, name]) => ({ name, 'url-base': base }));
  const manifest = { ...(heads.length > 0 && { remotes: heads }), projects: written };
  return { text: formatYaml({ manifest }), losses: losses.list() };
}

/** west takes no slashes in names, and no name twice. */
function freeName(name: string, taken: Set<string>): string {
  const plain = name.replace(/[/\\]/g, '-');
  let free = plain;
  for (let n = 2; taken.has(free); n++) free = `${plain}-${n}`;
  taken.add(free);
  return free;
}
