import { machinesOf, type CheckedLab, type CheckedMachine } from './checked.ts';
import { DEFAULTS } from './defaults.ts';
import { formatPath, type FieldPath, type Finding } from './finding.ts';
import { suggest } from './suggest.ts';
import { checkForwards } from './validate-forwards.ts';
import { checkHost, type HostFacts } from './validate-host.ts';
import { checkNames } from './validate-names.ts';
import { checkNetwork } from './validate-network.ts';
import { checkParts } from './validate-parts.ts';
import { checkShape, withoutFields } from './validate-shape.ts';

/** What a lab is checked against besides its schema. A fact that is not given is not checked. */
export interface ValidateOptions extends HostFacts {
  /** The images that can be had. */
  readonly knownImages?: readonly string[] | undefined;
  /** The folder of the lab file. */
  readonly dir?: string | undefined;
  /** The user's home directory. */
  readonly home?: string | undefined;
  /** The user the lab is for; 0 is root. */
  readonly uid?: number | undefined;
}

/** Everything that is wrong with a lab file, all at once. An empty list means that `config` is a `LabConfig`. */
export function validateLab(config: unknown, options: ValidateOptions = {}): Finding[] {
  const shape = checkShape(config);
  const lab = (withoutFields(config, shape) ?? {}) as CheckedLab;
  const machines = machinesOf(lab);
  return [
    ...shape,
    ...checkNames(lab, machines),
    ...checkNetwork(lab, machines),
    ...checkForwards(machines, options.uid),
    ...checkImages(lab, machines, options.knownImages),
    ...checkHost(lab, machines, options),
    ...checkParts(lab, machines, shape, options),
  ];
}

function checkImages(
  lab: CheckedLab,
  machines: readonly CheckedMachine[],
  known: readonly string[] | undefined,
): Finding[] {
  if (known === undefined) return [];
  const uses: { image: string; path: FieldPath }[] = machines
    .filter(({ config }) => config.image !== undefined)
    .map(({ path, config }) => ({ image: config.image ?? '', path: [...path, 'image'] }));
  if (lab.image !== undefined) uses.unshift({ image: lab.image, path: ['image'] });
  else if (machines.some(({ config }) => config.image === undefined)) {
    uses.unshift({ image: DEFAULTS.image, path: [] });
  }
  return uses
    .filter(({ image }) => !known.includes(image))
    .map(({ image, path }) => {
      const advice = adviseImage(image, known);
      const field = formatPath(path);
      return { code: 'LAB_IMAGE_UNKNOWN', path, part: 'value', data: { field, image, advice } };
    });
}

function adviseImage(image: string, known: readonly string[]): string {
  if (known.length === 0)
    return `there are no images yet; build it with: skerry image build ${image}`;
  const near = suggest(image, known);
  const all = `known images: ${known.join(', ')}`;
  return near === undefined ? all : `did you mean '${near}'? ${all}`;
}
