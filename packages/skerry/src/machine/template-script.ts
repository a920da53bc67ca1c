import { TEMPLATE_SIGN } from './identity.ts';

/**
 * Makes a booted guest ready to be frozen as a template, as root. It waits until the boot is over, stops what keeps an identity
 * of its own or would talk to the network before it has one, reads what the first login needs, and leaves memory that is
 * free full of zeros, which take no room.
 *
 * systemd-networkd then does without the netlink socket that systemd holds for it: of one that is shut down while it starts,
 * systemd empties that socket, and networkd waits for ever for what it just saw there (seen with systemd 252: `halt` right
 * after `up` took 90 s). In /run, so that a machine that boots is as Debian has it.
 */
export function templateScript({ nested }: { readonly nested: boolean }): string {
  return `set -eu
systemctl is-system-running --wait >/dev/null || true
systemctl stop systemd-networkd.socket systemd-networkd.service 2>/dev/null
mkdir -p /run/systemd/system
ln -sf /dev/null /run/systemd/system/systemd-networkd.socket
systemctl daemon-reload
rm -f /run/systemd/netif/links/* /run/systemd/netif/leases/*
${nested ? 'modprobe -q kvm_amd nested=1 || modprobe -q kvm_intel nested=1 || true' : ':'}
/usr/sbin/sshd -t 2>/dev/null || true
for id in /usr/lib/systemd/systemd-networkd /usr/lib/systemd/systemd-journald; do cat $id >/dev/null; done
rm -f /etc/ssh/ssh_host_* /root/.bash_history
cat /etc/machine-id >${TEMPLATE_SIGN}
: >/etc/machine-id
sync
perl -e 'open my $f, "<", "/proc/meminfo"; my %m = map { /(\\w+): +(\\d+)/ } <$f>; my $x = "\\0" x (1024 * ($m{MemFree} - 16384)) if $m{MemFree} > 32768'
`;
}
