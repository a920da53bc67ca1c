import { readFileSync } from 'node:fs';

/** Whether a machine that asked for it can run machines itself, and why not. */
export type Nesting =
  | { readonly works: true; readonly feature: 'vmx' | 'svm' }
  | { readonly works: false; readonly reason: string };

/**
 * Judges by what the guest sees and what the live domain XML says: libvirt turns `optional` into `require` or
 * `disable` at start, and under emulation it accepts even what cannot be. Pure but for the host's kvm parameters.
 */
export function nestingOf(guestSays: string, liveXml: string, accel: 'kvm' | 'tcg'): Nesting {
  const [, flag, dev] = /nesting flag=(\w+) kvm=(\w+)/.exec(guestSays) ?? [];
  if ((flag === 'vmx' || flag === 'svm') && dev === 'yes') return { works: true, feature: flag };
  if (flag === 'vmx' || flag === 'svm')
    return {
      works: false,
      reason: `the CPU has ${flag}, but the guest's kernel made no /dev/kvm (its kvm module is missing or refused)`,
    };
  const refused = ['vmx', 'svm'].filter((name) =>
    new RegExp(`<feature policy=['"]disable['"] name=['"]${name}['"]`).test(liveXml),
  );
  const live = refused.length > 0 ? ` (the live CPU has ${refused.join(' and ')} disabled)` : '';
  return { works: false, reason: `${hostReason(accel)}${live}` };
}

function hostReason(accel: 'kvm' | 'tcg'): string {
  if (accel === 'tcg') return 'this QEMU does not emulate svm';
  for (const module of ['kvm_intel', 'kvm_amd']) {
    const value = readParameter(`/sys/module/${module}/parameters/nested`);
    if (value === 'N' || value === '0')
      return `the host's ${module} has nested=0; turn it on: echo 'options ${module} nested=1' | sudo tee /etc/modprobe.d/nested.conf, then reboot`;
  }
  return "the host's own CPU offers neither vmx nor svm: it may be a VM without nesting itself";
}

function readParameter(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}

/** The form kept in the domain's metadata: `svm`, or `no: ` and the reason. */
export function formatNesting(nesting: Nesting): string {
  return nesting.works ? nesting.feature : `no: ${nesting.reason}`;
}
