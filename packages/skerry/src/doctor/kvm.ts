import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chooseAccel, kvmDenied } from '../sandbox/accel.ts';
import type { HostUser } from '../sandbox/host-user.ts';
import { canQemuOpenKvm } from '../sandbox/kvm-rights.ts';
import { cacheDir } from '../util/paths.ts';
import { type Finding, ok, type Patient } from './check.ts';

const SLOW = 'machines run under emulation, about ten times slower';

export type KvmState = 'missing' | 'denied' | 'group-only' | 'opens';

/** What the CPU is called in the names of KVM's modules; undefined when it offers no virtualization. */
export type CpuVendor = 'intel' | 'amd' | undefined;

export async function checkKvm({ user, signal }: Patient): Promise<Finding> {
  if (process.env.SKERRY_ACCEL === 'tcg')
    return ok(`not used, because of SKERRY_ACCEL=tcg: ${SLOW}`);
  const state = await kvmState(user, signal);
  const vendor = cpuVendor(await readFile('/proc/cpuinfo', 'utf8').catch(() => ''));
  const { accel, reason } = await chooseAccel(undefined);
  return kvmFinding({ state, vendor, accel, reason, user: user.name });
}

export async function kvmState(user: HostUser, signal?: AbortSignal): Promise<KvmState> {
  const denied = kvmDenied();
  if (denied) return denied.includes('not exist') ? 'missing' : 'denied';
  const works = await canQemuOpenKvm(user, signal).catch(() => true);
  return works ? 'opens' : 'group-only';
}

/** From the flags of /proc/cpuinfo. */
export function cpuVendor(cpuinfo: string): CpuVendor {
  const flags = /^flags\s*:(.*)$/m.exec(cpuinfo)?.[1]?.split(' ') ?? [];
  if (flags.includes('vmx')) return 'intel';
  return flags.includes('svm') ? 'amd' : undefined;
}

export interface KvmFacts {
  readonly state: KvmState;
  readonly vendor: CpuVendor;
  /** The verdict of sandbox/accel.ts. */
  readonly accel: 'kvm' | 'tcg';
  readonly reason: string;
  readonly user: string;
}

/** Never an error: everything works without KVM, only slower. */
export function kvmFinding(facts: KvmFacts): Finding {
  const { state, vendor, user } = facts;
  if (state === 'opens') return verdictFinding(facts);
  const findings = {
    missing: `there is no /dev/kvm: ${SLOW}`,
    denied: `user ${user} may not open /dev/kvm: ${SLOW}`,
    'group-only': `user ${user} may open /dev/kvm only through a group, which libvirt takes away from QEMU`,
  };
  const remedy = state === 'missing' ? missingRemedy(vendor) : rightsRemedy(user);
  return { level: 'warning', finding: findings[state], remedy };
}

function verdictFinding({ accel, reason }: KvmFacts): Finding {
  if (accel === 'kvm') return ok(`${reason}; libvirtd and QEMU have equal rights on /dev/kvm`);
  if (reason.startsWith('not probed')) return ok(`/dev/kvm opens; ${reason}`);
  return {
    level: 'warning',
    finding: `${reason}: ${SLOW}`,
    remedy: [
      '# Often the KVM of a cloud machine that is not whole. After a change there, try again with the next up:',
      `rm -f ${join(cacheDir(), 'accel.json')}`,
    ],
  };
}

function missingRemedy(vendor: CpuVendor): string[] {
  if (vendor) return [`sudo modprobe kvm_${vendor}`];
  return [
    '# The CPU shows no virtualization. On real hardware turn on VT-x or AMD-V (SVM) in the firmware;',
    '# in a virtual machine turn on nested virtualization on its host.',
  ];
}

/** By user, not by group: see sandbox/kvm-rights.ts. */
function rightsRemedy(user: string): string[] {
  return [
    '# for this user, until the next boot (in the package acl):',
    `sudo setfacl -m u:${user}:rw /dev/kvm`,
    '# or for all users, for good:',
    `echo 'KERNEL=="kvm", MODE="0666"' | sudo tee /etc/udev/rules.d/99-skerry-kvm.rules`,
    'sudo udevadm control --reload && sudo udevadm trigger /dev/kvm',
  ];
}
