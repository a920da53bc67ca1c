import type { CheckedLab } from './checked.ts';
import { formatPath, type FieldPath, type Finding, isWithin } from './finding.ts';
import { isList } from './is-list.ts';
import { selectMachines } from './select-machines.ts';
import { checkSelection, notAbsolute } from './validate-references.ts';

/** Folders of a machine that nothing may be pushed over whole. */
const SYSTEM = /^\/(?:|bin|boot|dev|etc|lib|lib64|proc|root|run|sbin|sys|usr|var)\/*$/;

interface PlacedTree {
  readonly path: FieldPath;
  readonly to: string;
  readonly on: readonly string[];
}

/**
 * Where trees go: absolute, no system folder, and no two into each other. One of which a field is wrong already is left
 * out.
 */
export function checkTrees(
  trees: CheckedLab['tree'],
  names: readonly string[],
  wrong: readonly FieldPath[],
): Finding[] {
  if (trees === undefined) return [];
  const list = isList(trees) ? trees : [trees];
  const placed: PlacedTree[] = [];
  const findings = list.flatMap((tree, at) => {
    const path: FieldPath = isList(trees) ? ['tree', at] : ['tree'];
    if (!tree || wrong.some((other) => isWithin(other, path))) return [];
    const { from, to, on, mode } = tree;
    const isPulled = mode === 'pull';
    const inMachine = isPulled ? from : to;
    const field = [...path, isPulled ? 'from' : 'to'];
    const found = checkSelection(on, [...path, 'on'], names);
    const meant = selectMachines(on, names);
    if (isPulled && found.length === 0 && meant.length !== 1)
      found.push(pulledFromMany(meant, [...path, 'on']));
    if (inMachine === undefined) return found;
    if (!inMachine.startsWith('/')) return [...found, notAbsolute(inMachine, field, '/srv/src')];
    if (isPulled) return found;
    if (mode === 'share' && tree.exclude !== undefined)
      found.push(sharedWhole([...path, 'exclude']));
    if (SYSTEM.test(inMachine)) return [...found, ofTheSystem(inMachine, field)];
    placed.push({ path: field, to: inMachine.replace(/\/*$/, '/'), on: meant });
    return found;
  });
  return [...findings, ...overlaps(placed)];
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

function ofTheSystem(to: string, path: FieldPath): Finding {
  const data = {
    field: formatPath(path),
    value: `the text '${to}'`,
    expected: "a folder of its own, not one of the machine's system",
    example: "to: '/srv/src'",
  };
  return { code: 'LAB_VALUE', path, part: 'value', data };
}
