// The .repos files of vcstool and vcs2l (ROS): the path, and type, url, version of each.
import {
  Losses,
  type ManifestProject,
  manifestError,
  type ParsedManifest,
  type PlacedProject,
  revisionOf,
  type WrittenManifest,
} from './project.ts';
import { formatYaml, isMap, parseYaml, textOf } from './yaml.ts';

const CARRIED = new Set(['type', 'url', 'version']);

/** Reads it; repositories of other kinds than git are left out, and are a loss. @throws SP_MANIFEST_INVALID */
export function parseReposYaml(text: string, file: string): ParsedManifest {
  const { root, lineOf } = parseYaml(text, file);
  const repositories = root['repositories'];
  if (!isMap(repositories)) throw manifestError(file, 1, "it has no 'repositories'");
  const losses = new Losses();
  const projects = Object.entries(repositories).flatMap(([path, about]): PlacedProject[] => {
    const line = lineOf('repositories', path);
    if (!isMap(about)) throw manifestError(file, line, `${path} is not a map of keys`);
    const type = textOf(about['type']) ?? 'git';
    if (type !== 'git') {
      losses.add(`no git repository but ${type}: left out`, path);
      return [];
    }
    const url = textOf(about['url']);
    if (!url) throw manifestError(file, line, `${path} has no url`);
    for (const key of Object.keys(about))
      if (!CARRIED.has(key)) losses.add(`${key} is not carried over`, path);
    return [
      { name: path, path, url, ...revisionOf(textOf(about['version']) ?? ''), groups: [], line },
    ];
  });
  for (const key of Object.keys(root))
    if (key !== 'repositories') losses.add(`${key} is not carried over`, key);
  return { projects, losses: losses.list() };
}

/** Writes one with pins as versions, as `vcs export --exact` does. */
export function formatReposYaml(projects: readonly ManifestProject[]): WrittenManifest {
  const losses = new Losses();
  const repositories = Object.fromEntries(
    projects.map(({ name, path, url, branch, pin, groups }) => {
      if (name !== path) losses.add('names are not written, only paths', name);
      if (groups.length > 0) losses.add('groups are not written', path);
      if (pin !== undefined && branch !== undefined)
        losses.add('branches are not written beside pins', path);
      const version = pin ?? branch;
      return [path, { type: 'git', url, ...(version !== undefined && { version }) }];
    }),
  );
  return { text: formatYaml({ repositories }), losses: losses.list() };
}
