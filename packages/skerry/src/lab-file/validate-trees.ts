import { resolve } from 'node:path';
import type { CheckedLab } from './checked.ts';
import { formatPath, type FieldPath, type Finding, isWithin } from './finding.ts';
import { isList } from './is-list.ts';
import { selectMachines } from './select-machines.ts';
import type { ValidateOptions } from './validate.ts';
import { checkSelection, notAbsolute } from './validate-references.ts';

/** Folders of a machine that nothing may be pushed over whole. */
const SYSTEM = /^\/(?:|bin|boot|dev|etc|lib|lib64|proc|root|run|sbin|sys|usr|var)\/*$/;

interface PlacedTree {
  readonly path: FieldPath;
  readonly to: string;
  readonly on: readonly string[];
}

/** What trees are checked against besides the lab file. */
export type TreeFacts = Pick<ValidateOptions, 'dir' | 'home'>;

/**
 * Where trees go: absolute, no system folder, and no two into each other; and that no whole host is sent. A field that is
 * wrong already is left out.
 */
export function checkTrees(
  trees: CheckedLab['tree'],
  names: readonly string[],
  wrong: readonly FieldPath[],
  facts: TreeFacts,
): Finding[] {
  if (trees === undefined) return [];
  const list = isList(trees) ? trees : [trees];
  const placed: PlacedTree[] = [];
  const findings = list.flatMap((tree, at) => {
    const path: FieldPath = isList(trees) ? ['tree', at] : ['tree'];
    if (!tree) return [];
    const isWrong = (key: string): boolean =>
      wrong.some((other) => isWithin([...other, ''], [...path, key]));
    const { from, to, on, mode } = tree;
    const found = checkSelection(on, [...path, 'on'], names);
    if (isWrong('mode')) return found;
    const isPulled = mode === 'pull';
    const [inMachine, here] = isPulled ? [from, to] : [to, from];
    const [field, hostField] = isPulled ? ['from', 'to'] : ['to', 'from'];
    const meant = isWrong('on') ? undefined : selectMachines(on, names);
    if (isPulled && meant && found.length === 0 && meant.length !== 1)
      found.push(pulledFromMany(meant, [...path, 'on']));
    if (mode === 'share' && tree.exclude !== undefined)
      found.push(sharedWhole([...path, 'exclude']));
    if (here !== undefined && isTooMuch(here, facts))
      found.push(ofTheHost(here, [...path, hostField ?? '']));
    if (inMachine === undefined) return found;
    const place = [...path, field ?? ''];
    if (!inMachine.startsWith('/')) return [...found, notAbsolute(inMachine, place, '/srv/src')];
    if (isPulled) return found;
    if (SYSTEM.test(inMachine)) return [...found, ofTheSystem(inMachine, place)];
    if (meant) placed.push({ path: place, to: inMachine.replace(/\/*$/, '/'), on: meant });
    return found;
  });
  return [...findings, ...overlaps(placed)];
}

/** The home directory and what is above it: keys, caches and all would go along, or be overwritten. */
function isTooMuch(path: string, { dir = '/nowhere', home }: TreeFacts): boolean {
  const folder = resolve(dir, path);
  const above = folder.endsWith('/') ? folder : `${folder}/`;
  return folder === '/' || (home !== undefined && `${resolve(home)}/`.startsWith(above));
}

function overlaps(trees: readonly PlacedTree[]): Finding[] {
  return trees.flatMap(({ path, to, on }, at) => {
    const other = trees
      .slice(0, at)
      .find(
        (earlier) =>
          (to.startsWith(earlier.to) || earlier.to.startsWith(to)) &&
          on.some((machine) => earlier.on.includes(machine)),
      );
    if (!other) return [];
    const data = { field: formatPath(path), path: to, other: other.to };
    return [{ code: 'LAB_TREE_OVERLAP' as const, path, part: 'value' as const, data }];
  });
}

function pulledFromMany(on: readonly string[], path: FieldPath): Finding {
  const data = {
    field: formatPath(path),
    value: on.length === 0 ? 'no machine' : `${on.length} machines`,
    expected: 'the one machine the tree is pulled from',
    example: `on: '${on[0] ?? 'builder'}'`,
  };
  return { code: 'LAB_VALUE', path, part: 'value', data };
}

function sharedWhole(path: FieldPath): Finding {
  const data = {
    field: formatPath(path),
    value: 'set',
    expected: "left out with mode: 'share', which shows the folder as it is",
    example: "mode: 'push', with the same exclude",
  };
  return { code: 'LAB_VALUE', path, part: 'key', data };
}

function ofTheHost(folder: string, path: FieldPath): Finding {
  const data = {
    field: formatPath(path),
    value: `the text '${folder}'`,
    expected: 'a folder of its own, not your home directory or what holds it',
    example: `${String(path.at(-1))}: 'src'`,
  };
  return { code: 'LAB_VALUE', path, part: 'value', data };
}

function ofTheSystem(to: string, path: FieldPath): Finding {
  const data = {
    field: formatPath(path),
    value: `the text '${to}'`,
    expected: "a folder of its own, not one of the machine's system",
    example: "to: '/srv/src'",
  };
  return { code: 'LAB_VALUE', path, part: 'value', data };
}
