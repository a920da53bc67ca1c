import { createHash } from 'node:crypto';
import type { LabConfig, MachineConfig } from './config.ts';
import { DEFAULTS } from './defaults.ts';
import type { MachineSpec } from './spec.ts';
import type { ProvisionerSpec } from './spec-provision.ts';

/** The name of an image with packages. The same packages give the same name, in whatever order. Pure. */
export function variantName(base: string, packages: readonly string[]): string {
  const list = [...new Set(packages)].sort();
  const hash = createHash('sha256').update(list.join('\n')).digest('hex').slice(0, 8);
  return `${base}-with-${hash}`;
}

/** The Debian packages a provisioner needs in the machine. Pure. */
export function packagesOf(spec: ProvisionerSpec): readonly string[] {
  switch (spec.kind) {
    case 'puppet':
      // Who says where puppet is has brought it along.
      return spec.config.binaryPath === undefined ? ['puppet-agent'] : [];
    case 'cloudInit':
      return ['cloud-init'];
    case 'ansible':
      // Run from the host, its modules are Python programs in the machine.
      return (spec.config.mode ?? DEFAULTS.ansibleMode) === 'local'
        ? ['ansible-core', 'python3-apt']
        : ['python3', 'python3-apt'];
    default:
      return [];
  }
}

/** The one place that decides from which image a machine is made. Pure. */
export function imageAndPackages(
  lab: LabConfig,
  name: string,
  machine: MachineConfig,
  provision: readonly ProvisionerSpec[],
): Pick<MachineSpec, 'image' | 'baseImage' | 'packages'> {
  const base = machine.image ?? lab.image ?? DEFAULTS.image;
  const own = machine.packages ?? lab.packages ?? [];
  const needed = provision
    .filter(({ on }) => on.includes(name))
    .flatMap(packagesOf)
    // One that is asked for in a certain version, or puppet by another name, is there already.
    .filter((one) => !own.some((other) => isInstead(other, one)));
  const packages = [...new Set([...own, ...needed])].sort();
  if (packages.length === 0) return { image: base, packages };
  return { image: variantName(base, packages), baseImage: base, packages };
}

function isInstead(own: string, needed: string): boolean {
  return own.startsWith(`${needed}=`) || (needed === 'puppet-agent' && /^puppet(?:=|$)/.test(own));
}
