// What the schema cannot say of trees, provisioners, daemons, triggers and what machines wait for.
import type { CheckedLab, CheckedMachine } from './checked.ts';
import { formatPath, type FieldPath, type Finding, isWithin } from './finding.ts';
import { isList } from './is-list.ts';
import { findCycle, type Graph } from './order.ts';
import { provisionGraph } from './resolve-parts.ts';
import { wordsOf } from './select-machines.ts';
import { checkDaemonValues } from './validate-daemons.ts';
import { checkSelection, notAbsolute, reference, references } from './validate-references.ts';
import { checkTrees } from './validate-trees.ts';

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
): Finding[] {
  const names = machines.map(({ name }) => name);
  const wrong = shape.map(({ path }) => path);
  const findings = [
    ...checkTrees(lab.tree, names, wrong),
    ...checkProvision(lab, names),
    ...checkDaemons(lab, names),
    ...checkTriggers(lab, names),
    ...checkOrder(machines, names),
    ...machines.flatMap(({ path, config }) => [
      ...checkProbes(config.ready, [...path, 'ready']),
      ...checkPackages(config.packages, [...path, 'packages']),
    ]),
    ...checkPackages(lab.packages, ['packages']),
  ];
  // What is wrong within something makes it look as if it were missing there.
  return findings.filter(
    ({ code, path }) => code !== 'LAB_ONE_OF' || !wrong.some((other) => isWithin(other, path)),
  );
}

function checkProvision(lab: CheckedLab, names: readonly string[]): Finding[] {
  const all = lab.provision ?? {};
  const known = Object.keys(all);
  const findings = Object.entries(all).flatMap(([name, one]) => {
    const path = ['provision', name];
    if (!one) return [];
    const { before, after, on, shell, cloudInit } = one;
    return [
      ...exactlyOne(one, PROVISIONERS, path),
      ...checkSelection(on, [...path, 'on'], names),
      ...reference('provisioner', before, known, [...path, 'before']),
      ...reference('provisioner', after, known, [...path, 'after']),
      ...(typeof shell === 'object'
        ? exactlyOne(shell, ['inline', 'script'], [...path, 'shell'])
        : []),
      ...(cloudInit
        ? exactlyOne(cloudInit, ['userData', 'userDataFile'], [...path, 'cloudInit'])
        : []),
    ];
  });
  return [
    ...findings,
    ...cycle('provisioners', provisionGraph(all), (name) => ['provision', name]),
  ];
}

function checkDaemons(lab: CheckedLab, names: readonly string[]): Finding[] {
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
      ...exactlyOne(one, ['command', 'unit'], path),
      ...checkSelection(on, [...path, 'on'], names),
      ...references('daemon', dependsOn, known, [...path, 'dependsOn']),
      ...checkProbes(ready, [...path, 'ready']),
      ...reference('machine', builder, names, [...path, 'build', 'on']),
      ...(cwd !== undefined && !cwd.startsWith('/')
        ? [notAbsolute(cwd, [...path, 'cwd'], '/srv/src')]
        : []),
    ];
  });
  return [...findings, ...cycle('daemons', graph, (name) => ['daemons', name, 'dependsOn'])];
}

function checkTriggers(lab: CheckedLab, names: readonly string[]): Finding[] {
  return (lab.triggers ?? []).flatMap((trigger, at) => {
    if (!trigger) return [];
    const path = ['triggers', at];
    return [
      ...exactlyOne(trigger, ['before', 'after'], path),
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
): Finding[] {
  if (probes === undefined) return [];
  if (!isList(probes)) return exactlyOne(probes, PROBES, path);
  return probes.flatMap((probe, at) => (probe ? exactlyOne(probe, PROBES, [...path, at]) : []));
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

/** @param keys of which an object has to have one and no more */
function exactlyOne(object: Fields, keys: readonly string[], path: FieldPath): Finding[] {
  const there = keys.filter((key) => object[key] !== undefined);
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
