import { readFileSync } from 'node:fs';

const HELPER = new URL('../../share/guest-helper.pl', import.meta.url);

/** A file of ours in the guest. */
export interface GuestFile {
  readonly path: string;
  readonly content: string;
  readonly mode?: number;
}

const SYSTEM = 'etc/systemd/system';

/**
 * Units a lab machine has no use for. Under emulation each process started at boot costs 50-200 ms. Not masked:
 * whatever a package may ask for later (cryptsetup, remote file systems, timers of its own).
 */
const MASKED = [
  // Timers of a machine that lives for years.
  'apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer fstrim.timer systemd-tmpfiles-clean.timer',
  'e2scrub_all.timer e2scrub_reap.service',
  // First boots: ours is prepared by the host.
  'systemd-firstboot.service systemd-repart.service systemd-sysusers.service',
  'systemd-networkd-wait-online.service systemd-network-generator.service',
  // virtio-rng gives the seed, the journal is in memory, nobody reads utmp.
  'systemd-random-seed.service systemd-journal-flush.service systemd-pstore.service',
  'systemd-update-utmp.service systemd-update-utmp-runlevel.service',
  'systemd-pcrphase.service systemd-pcrphase-sysinit.service',
  // File systems that whoever needs them mounts.
  'proc-sys-fs-binfmt_misc.automount systemd-binfmt.service sys-kernel-debug.mount sys-kernel-tracing.mount',
  'sys-kernel-config.mount sys-fs-fuse-connections.mount dev-mqueue.mount dev-hugepages.mount',
  'systemd-ask-password-console.path systemd-ask-password-wall.path systemd-journald-audit.socket',
  'systemd-initctl.socket getty-static.service systemd-logind.service',
  // The initrd mounts the root as it is to be, and makes the nodes.
  'systemd-remount-fs.service',
  'kmod-static-nodes.service systemd-tmpfiles-setup-dev.service',
].flatMap((line) => line.split(' '));

/** Programs systemd runs before the first unit, 0.1 s each. What reads fstab, crypttab and init.d stays. */
const GENERATORS_OFF = [
  'systemd-bless-boot-generator systemd-debug-generator systemd-getty-generator systemd-gpt-auto-generator',
  'systemd-hibernate-resume-generator systemd-integritysetup-generator systemd-run-generator',
  'systemd-system-update-generator systemd-veritysetup-generator',
].flatMap((line) => line.split(' '));

const WANTED: Readonly<Record<string, string>> = {
  'sysinit.target.wants/qemu-guest-agent.service': `/${SYSTEM}/qemu-guest-agent.service`,
  'sysinit.target.wants/skerry-guest.service': `/${SYSTEM}/skerry-guest.service`,
  'sysinit.target.wants/skerry-cloud.service': `/${SYSTEM}/skerry-cloud.service`,
  'getty.target.wants/serial-getty@ttyS0.service': `/${SYSTEM}/serial-getty@.service`,
  'sockets.target.wants/ssh.socket': '/lib/systemd/system/ssh.socket',
  'multi-user.target.wants/systemd-networkd.service':
    '/lib/systemd/system/systemd-networkd.service',
  'default.target': '/lib/systemd/system/multi-user.target',
};

/** Symbolic links, path to target. */
export const GUEST_LINKS: Readonly<Record<string, string>> = Object.fromEntries([
  ...MASKED.map((unit) => [`${SYSTEM}/${unit}`, '/dev/null']),
  ...GENERATORS_OFF.map((program) => [`etc/systemd/system-generators/${program}`, '/dev/null']),
  ...Object.entries(WANTED).map(([path, target]) => [`${SYSTEM}/${path}`, target]),
]);

/** What the packages leave and a machine must not share with its siblings, or does not need. Shell patterns. */
export const GUEST_REMOVED: readonly string[] = [
  // The kernel fills /dev; a build as root leaves more in it than one without.
  'dev/*',
  'etc/ssh/ssh_host_*',
  'etc/resolv.conf',
  // Empty: without it, nothing is loaded at boot until a package or a user asks.
  'etc/modules-load.d/modules.conf',
  'var/lib/dbus/machine-id',
  // apt makes them anew; whose they are depends on the folder of the build.
  'var/cache/apt/archives/partial',
  'var/lib/apt/lists/partial',
  'var/log/*.log',
  'var/log/apt',
  'var/log/journal',
  'var/cache/ldconfig/aux-cache',
  'var/cache/debconf/*-old',
  'var/lib/dpkg/*-old',
  `${SYSTEM}/timers.target.wants`,
  `${SYSTEM}/getty.target.wants`,
  `${SYSTEM}/sshd.service`,
  `${SYSTEM}/multi-user.target.wants/ssh.service`,
  `${SYSTEM}/multi-user.target.wants/e2scrub_reap.service`,
  `${SYSTEM}/multi-user.target.wants/remote-fs.target`,
  // dpkg's options for the build: a package added later may bring its manual.
  'etc/dpkg/dpkg.cfg.d/99mmdebstrap',
];

export const GUEST_FILES: readonly GuestFile[] = [
  { path: 'etc/machine-id', content: '' },
  { path: 'etc/hostname', content: 'localhost\n' },
  { path: 'etc/hosts', content: '127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n' },
  { path: 'etc/fstab', content: '# / is mounted by the initrd.\n' },
  {
    // For libvirt's own calls; we use our helper. Debian's unit waits for udev to have seen the port.
    path: `${SYSTEM}/qemu-guest-agent.service`,
    content: `[Unit]
Description=QEMU guest agent
DefaultDependencies=no
Conflicts=shutdown.target
Before=shutdown.target

[Service]
ExecStart=/usr/sbin/qemu-ga --retry-path
Restart=always
RestartSec=0

[Install]
WantedBy=sysinit.target
`,
  },
  {
    path: 'usr/local/lib/skerry/guest-helper',
    mode: 0o755,
    content: readFileSync(HELPER, 'utf8'),
  },
  {
    // What a command left running survives the helper.
    path: `${SYSTEM}/skerry-guest.service`,
    content: `[Unit]
Description=Skerry guest helper
DefaultDependencies=no
# A machine of a cloud has no such channel.
ConditionCredential=!skerry.machine
Conflicts=shutdown.target
Before=shutdown.target
StartLimitIntervalSec=0

[Service]
ExecStart=/usr/local/lib/skerry/guest-helper
KillMode=process
Restart=always
RestartSec=0.2

[Install]
WantedBy=sysinit.target
`,
  },
  {
    // A machine of a cloud is told its name by its firmware, and by systemd-tmpfiles it has who may log in. A lab's is not.
    path: `${SYSTEM}/skerry-cloud.service`,
    content: `[Unit]
Description=Name and host key of a machine of the cloud
DefaultDependencies=no
Conflicts=shutdown.target
Before=systemd-networkd.service ssh.socket shutdown.target
ConditionCredential=skerry.machine

[Service]
Type=oneshot
LoadCredential=skerry.machine
LoadCredential=system.hostname
ExecStart=/usr/local/lib/skerry/become-cloud-machine

[Install]
WantedBy=sysinit.target
`,
  },
  {
    path: 'usr/local/lib/skerry/become-cloud-machine',
    mode: 0o755,
    content: `#!/bin/sh
# At the first start of a machine, and of a copy of it. Another name alone does not make it another machine.
set -eu
own=$(cat "$CREDENTIALS_DIRECTORY/skerry.machine")
known=/var/lib/skerry/machine
was=$(cat "$known" 2>/dev/null) || was=
[ "$was" != "$own" ] || exit 0
# It is shut down from outside, by the guest agent or a power button; a lab's has another way.
if [ -L /etc/systemd/system/systemd-logind.service ]; then
  rm /etc/systemd/system/systemd-logind.service
  systemctl daemon-reload
  systemctl --no-block start systemd-logind.service
fi
if name=$(cat "$CREDENTIALS_DIRECTORY/system.hostname" 2>/dev/null); then
  echo "$name" >/etc/hostname
  echo "$name" >/proc/sys/kernel/hostname
  printf '127.0.0.1 localhost\\n127.0.1.1 %s\\n::1 localhost ip6-localhost ip6-loopback\\n' "$name" >/etc/hosts
fi
# For its next start: it runs with the other's already.
[ -z "$was" ] || echo "$own" | tr -d - >/etc/machine-id
rm -f /etc/ssh/ssh_host_*
ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
mkdir -p /var/lib/skerry
echo "$own" >"$known"
`,
  },
  {
    // The initrd has loaded the virtio drivers; the other 400 devices of a PC hold nothing for a server.
    path: `${SYSTEM}/systemd-udev-trigger.service.d/skerry.conf`,
    content: `[Service]
ExecStart=
ExecStart=-udevadm trigger --type=devices --action=add --subsystem-match=block --subsystem-match=net --subsystem-match=virtio-ports --subsystem-match=pci --subsystem-match=misc
`,
  },
  {
    // Does not wait for udev either. A shell without a password: the console is the owner's own socket.
    path: `${SYSTEM}/serial-getty@.service`,
    content: `[Unit]
Description=Console on %I
After=systemd-user-sessions.service
IgnoreOnIsolate=yes

[Service]
ExecStart=-/usr/local/lib/skerry/console
WorkingDirectory=-/root
Environment=HOME=/root USER=root LOGNAME=root SHELL=/bin/bash TERM=linux
Type=idle
Restart=always
RestartSec=0
UtmpIdentifier=%I
StandardInput=tty
StandardOutput=tty
TTYPath=/dev/%I
TTYReset=yes
TTYVHangup=yes
SendSIGHUP=yes

[Install]
WantedBy=getty.target
`,
  },
  {
    // Starts the shell only when somebody is there: a shell in a template would show the template's host name.
    path: 'usr/local/lib/skerry/console',
    mode: 0o755,
    content: `#!/bin/sh
. /etc/os-release
printf '\\n%s: press Enter for a root shell\\n' "$PRETTY_NAME"
read -r _
exec /bin/bash -l
`,
  },
  {
    // The first connection may come before the host has given the keys: sshd then ends, and is started again until it has
    // one. Asking for it first, in a process of its own, costs a tenth of a second under emulation.
    path: `${SYSTEM}/ssh.service.d/skerry.conf`,
    content: `[Unit]
StartLimitIntervalSec=0

[Service]
ExecStartPre=
RestartSec=0.1
# No second exec for each connection: a third of a second under emulation.
Environment=SSHD_OPTS=-r
`,
  },
  {
    path: 'etc/ssh/sshd_config.d/skerry.conf',
    content: `HostKey /etc/ssh/ssh_host_ed25519_key
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UseDNS no
UsePAM no
PrintMotd no
PrintLastLog no
X11Forwarding no
`,
  },
  {
    path: 'etc/systemd/journald.conf.d/skerry.conf',
    content: '[Journal]\nStorage=volatile\nRuntimeMaxUse=16M\n',
  },
  {
    path: 'etc/systemd/network/90-skerry.network',
    content: `[Match]
Driver=virtio_net

[Network]
DHCP=ipv4
LinkLocalAddressing=no
IPv6AcceptRA=no
# The host's script sets the address at once; the lease that comes later is the same.
KeepConfiguration=yes

[DHCPv4]
ClientIdentifier=mac
# It has its name; setting it again would start two daemons.
UseHostname=no

[Link]
RequiredForOnline=no
`,
  },
];
