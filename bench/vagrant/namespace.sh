#!/bin/sh
# Pid 1 of the namespaces Vagrant is measured in (mount, pid and network are already its own): a private libvirtd with
# Debian's settings, and nothing of the host's. It ends when its stdin closes, that is with the bench, and the pid
# namespace's end kills all that is left.
#   BENCH_DIR  the bench's folder; libvirt's folders are made below it
# Says "ready" on stdout when libvirtd answers. Commands are then brought in by nsenter.
set -eu
umask 022
new=$BENCH_DIR/run
mkdir -p "$new"
mount -t tmpfs -o mode=755 bench "$new"
mkdir -p "$new/run/lock" "$new/run/libvirt" "$new/dev"

# No /dev/kvm: where libvirtd may open it and QEMU's user may not, libvirt probes QEMU anew at every call (4 s each),
# and Vagrant must not pay for that.
cd "$new/dev"
mkdir net pts shm
for node in null zero full random urandom tty net/tun; do
  : >"$node"
  mount --bind "/dev/$node" "$node"
done
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts pts
mount -t tmpfs -o mode=1777 shm shm
ln -s pts/ptmx ptmx
ln -s /proc/self/fd fd
ln -s fd/0 stdin
ln -s fd/1 stdout
ln -s fd/2 stderr
cd /

accounts() {
  cat "/etc/$1"
  for account in libvirt-qemu:64055 libvirt-dnsmasq:64056 kvm:64057 nobody:65534 nogroup:65534; do
    grep -q "^${account%%:*}:" "/etc/$1" || echo "${account%%:*}:x:${account#*:}:$2"
  done
}
accounts passwd 65534::/nonexistent:/usr/sbin/nologin >"$new/passwd"
accounts group '' >"$new/group"
mount --bind "$new/passwd" /etc/passwd
mount --bind "$new/group" /etc/group

for pair in lib/libvirt cache/libvirt log/libvirt; do
  mkdir -p "$BENCH_DIR/var/$pair"
  [ -d "/var/$pair" ] || { mount -t tmpfs -o mode=755 "${pair%%/*}" "/var/${pair%%/*}" && mkdir "/var/$pair"; }
  mount --bind "$BENCH_DIR/var/$pair" "/var/$pair"
done
[ -d /etc/libvirt ] || { echo "no /etc/libvirt" >&2; exit 1; }
mount -t tmpfs -o mode=755 etc /etc/libvirt
cat >/etc/libvirt/libvirtd.conf <<END
auth_unix_rw = "none"
auth_unix_ro = "none"
log_outputs = "2:file:/var/log/libvirt/libvirtd.log"
log_filters = "4:util.netlink"
END
cat >/etc/libvirt/qemu.conf <<END
stdio_handler = "file"
security_driver = "none"
cgroup_controllers = [ ]
namespaces = [ ]
END
mount --rbind "$new/dev" /dev
mount --rbind "$new/run" /run
mount -t sysfs sysfs /sys
ip link set lo up

exec 3<&0
libvirtd >/dev/null &
n=0
until virsh -c qemu:///system version >/dev/null 2>&1; do
  n=$((n + 1))
  [ $n -lt 300 ] || { echo "libvirtd does not answer" >&2; exit 1; }
  sleep 0.1
done
echo ready
cat <&3 >/dev/null &
wait $!
