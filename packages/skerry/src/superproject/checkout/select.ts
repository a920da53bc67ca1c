import { relative, resolve } from 'node:path';
import { SkerryError } from '../../util/errors.ts';
import type { Component } from '../gitmodules.ts';
import type { Checkout } from './checkout.ts';

export interface Selection {
  /** Paths from `cwd`, folders above components, or names; none: all. */
  readonly words?: readonly string[] | undefined;
  /** Only those whose `superproject-group` has one of these. */
  readonly groups?: readonly string[] | undefined;
  /** Where the words' paths begin; the root unless told. */
  readonly cwd?: string | undefined;
}

/** The components that a command is about. @throws SP_COMPONENT_UNKNOWN, SP_GROUP_UNKNOWN */
export function selectFrom<C extends Component>(
  { root, components }: { root: string; components: readonly C[] },
  { words = [], groups = [], cwd = root }: Selection,
): readonly C[] {
  const chosen = new Set<C>();
  const unknown: string[] = [];
  for (const word of words) {
    const path = relative(root, resolve(cwd, word));
    const found = components.filter(
      (each) => each.name === word || path === '' || isIn(each.path, path),
    );
    if (found.length === 0) unknown.push(word);
    for (const each of found) chosen.add(each);
  }
  if (unknown.length > 0) {
    const names = components.map(({ path }) => path).join(', ') || 'none';
    throw new SkerryError('SP_COMPONENT_UNKNOWN', {
      data: { url: root, name: unknown.join(', '), names },
    });
  }
  const all = words.length === 0 ? components : components.filter((each) => chosen.has(each));
  return groups.length === 0 ? all : all.filter(inGroups(groups, components));
}

/** The groups a component is in: `superproject-group` of its section, with commas or spaces between. */
export function groupsOf({ extra }: Pick<Component, 'extra'>): readonly string[] {
  return (extra['superproject-group'] ?? '').split(/[\s,]+/).filter(Boolean);
}

function inGroups(
  groups: readonly string[],
  components: readonly Component[],
): (component: Component) => boolean {
  const known = new Set(components.flatMap(groupsOf));
  const unknown = groups.filter((group) => !known.has(group));
  if (unknown.length > 0) {
    const data = { group: unknown.join(', '), known: [...known].toSorted().join(', ') || 'none' };
    throw new SkerryError('SP_GROUP_UNKNOWN', { data });
  }
  return (component) => groupsOf(component).some((group) => groups.includes(group));
}

function isIn(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

/** The groups asked for; else those that the checkout was cloned with (`superproject.group` of its configuration). */
export function groupsInUse(
  { config }: Pick<Checkout, 'config'>,
  { groups = [], words = [] }: Selection,
): readonly string[] {
  if (groups.includes('all')) return [];
  if (groups.length > 0 || words.length > 0) return groups;
  return (config.get('superproject.group') ?? '').split(',').filter(Boolean);
}
