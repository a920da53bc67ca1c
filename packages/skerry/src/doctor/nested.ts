import { readFile } from 'node:fs/promises';
import { chooseAccel } from '../sandbox/accel.ts';
import { type Finding, ok, type Patient } from './check.ts';

export async function checkNested({ lab }: Patient): Promise<Finding> {
  const { accel } = await chooseAccel(undefined);
  const switches = await Promise.all(
    ['intel', 'amd'].map(async (vendor) => {
      const path = `/sys/module/kvm_${vendor}/parameters/nested`;
      const value = await readFile(path, 'utf8').catch(() => undefined);
      return value === undefined ? undefined : { vendor, value: value.trim() };
    }),
  );
  const isWanted = lab?.machines.some(({ nested }) => nested) ?? false;
  return nestedFinding(accel, switches.find(Boolean), isWanted);
}

/** From KVM's own switch, when KVM is used at all. `isWanted`: a machine of the lab has nested: true. */
export function nestedFinding(
  accel: 'kvm' | 'tcg',
  kvm: { readonly vendor: string; readonly value: string } | undefined,
  isWanted: boolean,
): Finding {
  if (accel === 'tcg')
    return ok('machines with nested: true get AMD SVM, which emulation offers on every CPU');
  if (!kvm || /^[Y1]/.test(kvm.value)) return ok('machines with nested: true get KVM of their own');
  const module = `kvm_${kvm.vendor}`;
  return {
    level: 'warning',
    finding: `${module} does not nest${isWanted ? ', and this lab has machines with nested: true' : ''}`,
    remedy: [
      '# with no machine running:',
      `echo 'options ${module} nested=1' | sudo tee /etc/modprobe.d/skerry-nested.conf`,
      `sudo modprobe -r ${module} && sudo modprobe ${module}`,
    ],
  };
}
