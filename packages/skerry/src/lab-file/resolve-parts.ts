import { resolve } from 'node:path';
import type { LabConfig } from './config.ts';
import type { ProvisionerConfig } from './config-provision.ts';
import type { DaemonConfig, ProbeConfig, TreeConfig } from './config-sync.ts';
import { DEFAULTS } from './defaults.ts';
import { inOrder } from './order.ts';
import { selectMachines } from './select-machines.ts';
import type { ProvisionerSpec, TriggerSpec } from './spec-provision.ts';
import type { BuildSpec, DaemonSpec, ProbeSpec, SourceSpec, TreeSpec } from './spec-sync.ts';

/** The parts of a lab besides its machines: with every default filled in, and names in place of expressions. */
export interface LabParts {
  readonly source?: SourceSpec;
  readonly trees: readonly TreeSpec[];
  readonly provision: readonly ProvisionerSpec[];
  readonly daemons: readonly DaemonSpec[];
  readonly triggers: readonly TriggerSpec[];
}

/** @param dir the folder of the lab file */
export function resolveParts(config: LabConfig, dir: string): LabParts {
  const names = Object.keys(config.machines);
  const { source } = config;
  const trees = asList(config.tree ?? treeOfSource(config)).map((tree) =>
    resolveTree(tree, dir, names),
  );
  return {
    ...(source && {
      source: {
        url: source.url,
        ref: source.ref,
        dir: resolve(dir, source.to ?? DEFAULTS.source),
      },
    }),
    trees,
    provision: resolveProvision(config.provision ?? {}, names),
    daemons: resolveDaemons(config.daemons ?? {}, { dir, names, trees }),
    triggers: (config.triggers ?? []).map(({ before, after, run, on, onError }) => ({
      when: before === undefined ? 'after' : 'before',
      actions: asList(before ?? after),
      run,
      on: on === undefined ? undefined : selectMachines(on, names),
      onError: onError ?? DEFAULTS.onError,
    })),
  };
}

/** A lab that names a superproject and no tree has all of it in all machines. */
function treeOfSource({ source }: LabConfig): TreeConfig | undefined {
  return source && { from: source.to ?? DEFAULTS.source, to: DEFAULTS.sourceTree };
}

export function resolveProbes(
  probes: ProbeConfig | readonly ProbeConfig[] | undefined,
): ProbeSpec[] {
  return asList(probes).flatMap((probe) => {
    const timeoutMs = (probe.timeout ?? DEFAULTS.probeTimeout) * 1000;
    const kinds = ['exec', 'tcp', 'http', 'unit', 'file'] as const;
    const kind = kinds.find((one) => probe[one] !== undefined);
    return kind === undefined ? [] : [{ kind, value: String(probe[kind]), timeoutMs }];
  });
}

/** Which provisioner runs after which, besides the order of the file. */
export function provisionGraph(
  provision: Readonly<
    Record<string, { before?: string | undefined; after?: string | undefined } | undefined>
  >,
): Map<string, string[]> {
  const graph = new Map(Object.keys(provision).map((name) => [name, [] as string[]]));
  for (const [name, one] of Object.entries(provision)) {
    if (one?.after !== undefined) graph.get(name)?.push(one.after);
    if (one?.before !== undefined) graph.get(one.before)?.push(name);
  }
  return graph;
}

function resolveTree(tree: TreeConfig, dir: string, names: readonly string[]): TreeSpec {
  const mode = tree.mode ?? DEFAULTS.treeMode;
  const [from, to] = [trimmed(tree.from), trimmed(tree.to)];
  return {
    from: mode === 'pull' ? from : resolve(dir, from),
    to: mode === 'pull' ? resolve(dir, to) : to,
    mode,
    on: selectMachines(tree.on, names),
    exclude: tree.exclude ?? [],
    owner: tree.owner ?? DEFAULTS.owner,
  };
}

function resolveProvision(
  provision: Readonly<Record<string, ProvisionerConfig>>,
  names: readonly string[],
): ProvisionerSpec[] {
  return inOrder(provisionGraph(provision)).flatMap((name): ProvisionerSpec[] => {
    const one = provision[name];
    if (!one) return [];
    const common = {
      name,
      run: one.run ?? DEFAULTS.run,
      on: selectMachines(one.on, names),
      phase: one.phase ?? DEFAULTS.phase,
    };
    const { shell, file, puppet, ansible, cloudInit } = one;
    if (shell !== undefined) {
      const config = typeof shell === 'string' ? { inline: shell } : shell;
      return [{ ...common, kind: 'shell', config }];
    }
    if (file) return [{ ...common, kind: 'file', config: file }];
    if (puppet) return [{ ...common, kind: 'puppet', config: puppet }];
    if (ansible) return [{ ...common, kind: 'ansible', config: ansible }];
    if (cloudInit) return [{ ...common, kind: 'cloudInit', config: cloudInit }];
    return [];
  });
}

function resolveDaemons(
  daemons: Readonly<Record<string, DaemonConfig>>,
  lab: {
    readonly dir: string;
    readonly names: readonly string[];
    readonly trees: readonly TreeSpec[];
  },
): DaemonSpec[] {
  const graph = new Map(
    Object.entries(daemons).map(([name, { dependsOn }]) => [name, dependsOn ?? []]),
  );
  return inOrder(graph).flatMap((name) => {
    const one = daemons[name];
    if (!one) return [];
    const on = selectMachines(one.on, lab.names);
    const tree = lab.trees.find(
      ({ mode, on: there }) => mode !== 'pull' && on.every((machine) => there.includes(machine)),
    );
    const { command, build } = one;
    return [
      {
        name,
        on,
        command: typeof command === 'string' ? ['/bin/sh', '-c', command] : command,
        unit: one.unit,
        cwd: one.cwd ?? tree?.to ?? '/',
        env: one.env ?? {},
        user: one.user ?? 'root',
        build: build === undefined ? undefined : resolveBuild(build, lab.dir),
        watch: one.watch,
        ready: resolveProbes(one.ready),
        dependsOn: one.dependsOn ?? [],
        stop: one.stop,
      },
    ];
  });
}

function resolveBuild(build: NonNullable<DaemonConfig['build']>, dir: string): BuildSpec {
  if (typeof build === 'string') return { command: build, on: undefined, cwd: dir };
  const { command, on, cwd } = build;
  return { command, on, cwd: on === undefined ? resolve(dir, cwd ?? '.') : (cwd ?? '/') };
}

/** Without the slashes at its end. */
function trimmed(path: string): string {
  return path.replace(/(?<=.)\/+$/, '');
}

function asList<T extends object | string>(value: T | readonly T[] | undefined): readonly T[] {
  if (value === undefined) return [];
  return isListOf<T>(value) ? value : [value];
}

function isListOf<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value);
}
