import type { CheckedLab } from './checked.ts';
import { type FieldPath, type Finding, isWithin } from './finding.ts';
import { isList } from './is-list.ts';
import { type LabParts, resolveParts } from './resolve-parts.ts';

/** What of a lab is about this host. A tree in which something is wrong is undefined, so that all keep their places. */
export interface HostParts extends Omit<LabParts, 'trees' | 'source'> {
  /** The folder of the lab file. */
  readonly dir: string;
  readonly source?: LabParts['source'] | undefined;
  readonly trees: readonly (LabParts['trees'][number] | undefined)[];
}

/** The parts of a lab in which nothing is wrong, whatever is wrong beside them. Pure. */
export function soundParts(config: unknown, findings: readonly Finding[], dir: string): HostParts {
  const lab: CheckedLab = isObject(config) ? config : {};
  const isSound = (path: FieldPath): boolean =>
    !findings.some(
      ({ path: wrong }) =>
        isWithin([...wrong, ''], path) || (wrong.length > 0 && isWithin(path, wrong)),
    );
  const machines = isObject(lab.machines) ? lab.machines : {};
  const resolve = (parts: object): LabParts => resolveParts({ name: '', ...parts, machines }, dir);
  const each = <K extends 'provision' | 'daemons'>(key: K): LabParts[K][number][] =>
    Object.entries(isObject(lab[key]) ? lab[key] : {}).flatMap(([name, one]) => {
      // What it comes before or after may not be sound, and says nothing of this host.
      const alone = { ...(one as object), before: undefined, after: undefined };
      return isSound([key, name]) ? [...resolve({ [key]: { [name]: alone } })[key]] : [];
    });
  const { source, trees } =
    lab.source && isSound(['source']) ? resolve({ source: lab.source }) : { trees: [] };
  return {
    dir,
    ...(source && { source }),
    trees:
      lab.tree === undefined
        ? trees
        : asList(lab.tree).map((tree, at) =>
            isSound(isList(lab.tree ?? {}) ? ['tree', at] : ['tree'])
              ? resolve({ tree }).trees[0]
              : undefined,
          ),
    provision: each('provision'),
    daemons: each('daemons'),
    triggers: asList(lab.triggers ?? []).flatMap((trigger, at) =>
      isSound(['triggers', at]) ? resolve({ triggers: [trigger] }).triggers : [],
    ),
  };
}

function asList(value: object): readonly unknown[] {
  return isList(value) ? value : [value];
}

function isObject(value: unknown): value is Record<string, never> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
