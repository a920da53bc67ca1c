// What a lab's own parts say in every lab, and that says nothing of this one.

/** libvirtd's, of a box without system bus, DMI tables, KVM or cgroups, which Skerry's is on purpose. */
const LIBVIRTD = [
  /: info : /,
  /qemuDomainObjTaintMsg/,
  /virGDBusGetSystemBus|DBus not available/,
  /udevGetDMIData|dmidecode/,
  /Configured security driver "none"/,
  /virHostCPUGetCPUID.*\/dev\/kvm/,
  /cgroup\.controllers|At least one cgroup controller/,
  /^\s*$/,
];

/** The command line that libvirt writes above QEMU's own words, and what goes with it. */
const QEMU = [
  /^(?:-|\S+=\S* \\$|\/\S+ \\$)/,
  /: starting up libvirt version/,
  / is tainted: /,
  /^char device redirected to/,
  /^\s*$/,
];

export function isLibvirtdNoise(line: string): boolean {
  return LIBVIRTD.some((pattern) => pattern.test(line));
}

export function isQemuNoise(line: string): boolean {
  return QEMU.some((pattern) => pattern.test(line));
}
