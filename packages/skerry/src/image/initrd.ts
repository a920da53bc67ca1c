import { type CpioEntry, formatCpio } from './cpio.ts';

/** The drivers between the kernel and a usable machine. ext4 is in the kernel. */
const DRIVERS = ['virtio_pci', 'virtio_blk', 'virtio_console', 'virtio-rng', 'virtio_net'] as const;

/**
 * Ours, and not Debian's of 16 MB: it loads the drivers, mounts the disk and hands over. It also links the
 * virtio ports, which udev would do seconds later.
 */
export const INIT: string = `#!/bin/busybox sh
b=/bin/busybox
for fs in devtmpfs:dev proc:proc sysfs:sys; do $b mount -t \${fs%:*} none /\${fs#*:}; done
for m in /modules/*.ko; do $b insmod $m; done
root=/dev/vda
for word in $($b cat /proc/cmdline); do
  case $word in root=*) root=\${word#root=} ;; esac
done
n=0
until [ -b $root ]; do
  n=$((n + 1))
  if [ $n -gt 600 ]; then echo "no disk $root: this is the shell of the initrd"; exec $b sh; fi
  $b sleep 0.05
done
$b mount -t ext4 -o noatime $root /root || { echo "cannot mount $root: this is the shell of the initrd"; exec $b sh; }
# Opening one of these loads its driver: a hypervisor needs them, and systemd's own way takes a second.
$b mkdir -p /dev/net /dev/virtio-ports
for node in net/tun:200 fuse:229 loop-control:237 vhost-net:238 vhost-vsock:241; do
  $b mknod -m 600 /dev/\${node%:*} c 10 \${node#*:}
done
for port in /sys/class/virtio-ports/*/name; do
  read -r name <$port && dir=\${port%/name} && $b ln -s ../\${dir##*/} /dev/virtio-ports/$name
done
for dir in dev proc sys; do $b mount -o move /$dir /root/$dir; done
exec $b switch_root /root /sbin/init
`;

export interface InitrdParts {
  readonly busybox: Uint8Array;
  /** In the order to load them. */
  readonly modules: readonly Uint8Array[];
}

/** Builds the initrd, unpacked: packing saves 1 MB of disk and costs the guest time. Pure. */
export function formatInitrd({ busybox, modules }: InitrdParts): Buffer {
  const dirs = ['bin', 'dev', 'proc', 'sys', 'root', 'modules'];
  const entries: CpioEntry[] = [
    ...dirs.map((path) => ({ kind: 'directory', path, mode: 0o755 }) as const),
    { kind: 'device', path: 'dev/console', mode: 0o600, major: 5, minor: 1 },
    { kind: 'device', path: 'dev/null', mode: 0o666, major: 1, minor: 3 },
    { kind: 'file', path: 'bin/busybox', mode: 0o755, data: busybox },
    { kind: 'file', path: 'init', mode: 0o755, data: Buffer.from(INIT) },
  ];
  for (const [at, data] of modules.entries()) {
    const path = `modules/${String(at).padStart(2, '0')}.ko`;
    entries.push({ kind: 'file', path, mode: 0o644, data });
  }
  return formatCpio(entries);
}

/**
 * Reads depmod's modules.dep (`path: dependencies, the deepest last`) and gives the paths of our drivers with all
 * they need, in the order to load them. Drivers that the kernel has built in are not in the list.
 */
export function driverPaths(modulesDep: string): string[] {
  const lines = modulesDep.split('\n').filter((line) => line.includes(':'));
  const needs = new Map(
    lines.map((line) => {
      const [path = '', rest = ''] = line.split(':');
      return [path, rest.trim().split(/\s+/).filter(Boolean)] as const;
    }),
  );
  const wanted = DRIVERS.flatMap((name) =>
    [...needs.keys()].filter((path) => path.endsWith(`/${name}.ko`)),
  );
  return [
    ...new Set(wanted.flatMap((path) => [...(needs.get(path) ?? [])].reverse().concat(path))),
  ];
}
