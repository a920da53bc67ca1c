// What the schema cannot say of trees, provisioners, daemons, triggers and what machines wait for.
import type { CheckedLab, CheckedMachine } from './checked.ts';
import { formatPath, type FieldPath, type Finding, isWithin } from './finding.ts';
import { isList } from './is-list.ts';
import { findCycle, type Graph } from './order.ts';
import { provisionGraph } from './resolve-parts.ts';
import { wordsOf } from './select-machines.ts';
import { checkDaemonValues } from './validate-daemons.ts';
import { checkSelection, notAbsolute, reference, references } from './validate-references.ts';
import { checkTrees, type TreeFacts } from './validate-trees.ts';

const PROVISIONERS = ['shell', 'file', 'puppet', 'ansible', 'cloudInit'] as const;
const PROBES = ['exec', 'tcp', 'http', 'unit', 'file'] as const;
/** A package's name (Debian policy 5.6.1), and a version if need be. */
const PACKAGE = /^[a-z0-9][a-z0-9+.-]+(?:=[A-Za-z0-9.+:~-]+)?$/;

type Fields = Readonly<Record<string, unknown>>;

/** Checks all that the parts of a lab say of each other. `shape`: what was wrong with their fields already. */
export function checkParts(
  lab: CheckedLab,
  machines: readonly CheckedMachine[],
  shape: readonly Finding[],
  facts: TreeFacts,
): Finding[] {
  const names = machines.map(({ name }) => name);
  const wrong = shape.map(({ path }) => path);
  return [
    ...checkTrees(lab.tree, names, wrong, facts),
    ...checkProvision(lab, names, shape),
    ...checkDaemons(lab, names, shape),
    ...checkTriggers(lab, names, shape),
    ...checkOrder(machines, names),
    ...machines.flatMap(({ path, config }) => [
      ...checkProbes(config.ready, [...path, 'ready'], shape),
      ...checkPackages(config.packages, [...path, 'packages']),
    ]),
    ...checkPackages(lab.packages, ['packages']),
  ];
}

function checkProvision(
  lab: CheckedLab,
  names: readonly string[],
  shape: readonly Finding[],
): Finding[] {
  const all = lab.provision ?? {};
  const known = Object.keys(all);
  const findings = Object.entries(all).flatMap(([name, one]) => {
    const path = ['provision', name];
    if (!one) return [];
    const { before, after, on, shell, cloudInit } = one;
    return [
      ...exactlyOne(one, PROVISIONERS, path, shape),
      ...checkSelection(on, [...path, 'on'], names),
      ...reference('provisioner', before, known, [...path, 'before']),
      ...reference('provisioner', after, known, [...path, 'after']),
      ...(typeof shell === 'object'
        ? exactlyOne(shell, ['inline', 'script'], [...path, 'shell'], shape)
        : []),
      ...(cloudInit
        ? exactlyOne(cloudInit, ['userData', 'userDataFile'], [...path, 'cloudInit'], shape)
        : []),
    ];
  });
  return [
    ...findings,
    ...cycle('provisioners', provisionGraph(all), (name) => ['provision', name]),
  ];
}

function checkDaemons(
  lab: CheckedLab,
  names: readonly string[],
  shape: readonly Finding[],
): Finding[] {
  const all = lab.daemons ?? {};
  const known = Object.keys(all);
  const graph = new Map<string, string[]>();
  const findings = Object.entries(all).flatMap(([name, one]) => {
    const path = ['daemons', name];
    if (!one) return [];
    const { on, dependsOn, ready, build, cwd } = one;
    graph.set(name, wordsOf(dependsOn));
    const builder = typeof build === 'object' ? build.on : undefined;
    return [
      ...checkDaemonValues(name, one, path),
      ...exactlyOne(one, ['command', 'unit'], path, shape),
      ...checkSelection(on, [...path, 'on'], names),
      ...references('daemon', dependsOn, known, [...path, 'dependsOn']),
      ...checkProbes(ready, [...path, 'ready'], shape),
      ...reference('machine', builder, names, [...path, 'build', 'on']),
      ...(cwd !== undefined && !cwd.startsWith('/')
        ? [notAbsolute(cwd, [...path, 'cwd'], '/srv/src')]
        : []),
    ];
  });
  return [...findings, ...cycle('daemons', graph, (name) => ['daemons', name, 'dependsOn'])];
}

function checkTriggers(
  lab: CheckedLab,
  names: readonly string[],
  shape: readonly Finding[],
): Finding[] {
  return (lab.triggers ?? []).flatMap((trigger, at) => {
    if (!trigger) return [];
    const path = ['triggers', at];
    return [
      ...exactlyOne(trigger, ['before', 'after'], path, shape),
      ...checkSelection(trigger.on, [...path, 'on'], names),
    ];
  });
}

function checkOrder(machines: readonly CheckedMachine[], names: readonly string[]): Finding[] {
  const graph = new Map(
    machines.map(({ name, config }) => [name, wordsOf(config.dependsOn)] as const),
  );
  return [
    ...machines.flatMap(({ path, config }) =>
      references('machine', config.dependsOn, names, [...path, 'dependsOn']),
    ),
    ...cycle('machines', graph, (name) => ['machines', name, 'dependsOn']),
  ];
}

function checkProbes(
  probes: Fields | readonly (Fields | undefined)[] | undefined,
  path: FieldPath,
  shape: readonly Finding[],
): Finding[] {
  if (probes === undefined) return [];
  if (!isList(probes)) return exactlyOne(probes, PROBES, path, shape);
  return probes.flatMap((probe, at) =>
    probe ? exactlyOne(probe, PROBES, [...path, at], shape) : [],
  );
}

function checkPackages(
  packages: readonly (string | undefined)[] | undefined,
  path: FieldPath,
): Finding[] {
  return (packages ?? []).flatMap((name, at) => {
    if (name === undefined || PACKAGE.test(name)) return [];
    const data = {
      field: formatPath([...path, at]),
      value: `the text '${name}'`,
      expected: 'the name of a Debian package, such as those of: apt-cache search',
      example: "packages: ['etcd-server']",
    };
    return [{ code: 'LAB_VALUE', path: [...path, at], part: 'value', data }];
  });
}

/**
 * One whose value is wrong, or that is misspelt, is there all the same.
 * @param keys of which an object has to have one and no more
 */
function exactlyOne(
  object: Fields,
  keys: readonly string[],
  path: FieldPath,
  shape: readonly Finding[],
): Finding[] {
  const wrong = new Set(
    shape
      .filter(({ path: other }) => isWithin(other, path) && other.length === path.length + 1)
      .map(({ path: other, data }) => {
        const [, meant] = /^did you mean '(\w+)'/.exec(String(data['advice'])) ?? [];
        return meant ?? other.at(-1);
      }),
  );
  const there = keys.filter((key) => object[key] !== undefined || wrong.has(key));
  if (there.length === 1) return [];
  const data = {
    field: formatPath(path),
    got: there.length === 0 ? 'none' : there.join(' and '),
    keys: `${keys.slice(0, -1).join(', ')} or ${keys.at(-1)}`,
  };
  return [{ code: 'LAB_ONE_OF', path, part: 'value', data }];
}

function cycle(what: string, graph: Graph, place: (name: string) => FieldPath): Finding[] {
  const found = findCycle(graph);
  if (!found) return [];
  const path = place(found[0] ?? '');
  const data = { what, cycle: found.join(' -> '), last: found.at(-2) ?? '' };
  return [{ code: 'LAB_CYCLE', path, part: 'value', data }];
}
