import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { release } from 'node:os';

/** What of the host a template depends on. */
// A type, not an interface: a snapshot keeps it as words by name.
export type HostInputs = {
  /** virConnectGetLibVersion. */
  readonly libvirt: string;
  /** Size and date of QEMU's program: asking it for its version takes seconds on some hosts. */
  readonly qemu: string;
  readonly kernel: string;
  /** A hash of the host's CPU model: the guest's, or its emulation, is made from it. */
  readonly cpu: string;
};

/** Everything a template depends on: with any of it changed, it is another template. */
export interface TemplateInputs extends HostInputs {
  /** The domain it was booted as: image, memory, CPUs, CPU model, disks, every device. */
  readonly xml: string;
  /** Sizes of its extra disks, in bytes. */
  readonly diskBytes: readonly number[];
  /** What is done in the guest before it is frozen. */
  readonly script: string;
}

/** Which of the inputs belong to the machine, and not to this host as it is today. */
export function kindOf({ xml, diskBytes, script }: TemplateInputs): string {
  return hash([xml, script, ...diskBytes]);
}

/** The name of the template: 16 hex digits. Pure. */
export function templateKey(inputs: TemplateInputs): string {
  const { libvirt, qemu, kernel, cpu } = inputs;
  return hash([kindOf(inputs), libvirt, qemu, kernel, cpu]);
}

/** What of the inputs is the host's, as it is now. */
export function hostInputs(libvirt: string): HostInputs {
  const { size, mtimeMs } = statSync('/usr/bin/qemu-system-x86_64', {
    throwIfNoEntry: false,
  }) ?? { size: 0, mtimeMs: 0 };
  const cpuinfo = readFileSync('/proc/cpuinfo', 'utf8').split('\n\n')[0] ?? '';
  const lines = cpuinfo.split('\n').filter((line) => /^(model name|flags|microcode)\b/.test(line));
  return { libvirt, qemu: `${size} ${mtimeMs}`, kernel: release(), cpu: hash(lines) };
}

const HOST_WORDS = {
  libvirt: 'libvirt',
  qemu: 'QEMU',
  kernel: 'kernel',
  cpu: 'CPU',
} as const satisfies Record<keyof HostInputs, string>;

/** What has changed on the host since, for people: such as `QEMU, kernel`. Empty when nothing has. Pure. */
export function hostChanges(then: HostInputs, now: HostInputs): string {
  const keys = Object.keys(HOST_WORDS) as (keyof HostInputs)[];
  return keys
    .filter((key) => then[key] !== now[key])
    .map((key) => HOST_WORDS[key])
    .join(', ');
}

function hash(parts: readonly (string | number)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}
