#!/bin/sh
# Pid 1 of a sandbox, in the host's network namespace but in pid and mount namespaces of its own (and, for an ordinary
# user, a user namespace). It lays out the file system, starts the way out and the supervisor, and reaps orphans: a
# shell that waits does. When the supervisor ends, so does this, and with it every process of the lab.
#   SKERRY_LAB SKERRY_IMAGES  folders bound to /run/skerry/{lab,images}
#   SKERRY_ACCEL              kvm or tcg: whether /dev/kvm is there at all
#   SKERRY_UPLINK             pasta, slirp4netns or none
#   SKERRY_LINKS              hypervisor-links.sh, in one of several hypervisors
#   SKERRY_DNS                the address inside at which the host's resolver answers
# "$@" is the supervisor's command line.
set -eu
umask 022
. "${0%/*}/uplink.sh"
new=/mnt

mount -t tmpfs -o mode=755 skerry "$new"
mkdir -p "$new/run/skerry/lab" "$new/run/skerry/images" "$new/run/lock" "$new/run/libvirt" "$new/dev"
mount --bind "$SKERRY_LAB" "$new/run/skerry/lab"
mount --bind "$SKERRY_IMAGES" "$new/run/skerry/images"

# The resolver's file is often a link into /run.
resolver=$(readlink -f /etc/resolv.conf || true)
case "$resolver" in
/run/*) mkdir -p "$new${resolver%/*}" && cp "$resolver" "$new$resolver" ;;
esac

# A /dev of our own: libvirtd and QEMU see the same /dev/kvm or none. Where only one of them may open it, libvirt
# probes QEMU anew at every call (4 s each).
cd "$new/dev"
mkdir net pts shm
for node in null zero full random urandom tty net/tun; do
  : >"$node"
  mount --bind "/dev/$node" "$node"
done
if [ "$SKERRY_ACCEL" = kvm ]; then
  if ! mknod -m 666 kvm c 10 232 2>/dev/null; then
    : >kvm
    mount --bind /dev/kvm kvm
  fi
fi
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts pts
mount -t tmpfs -o mode=1777 shm shm
ln -s pts/ptmx ptmx
ln -s /proc/self/fd fd
ln -s fd/0 stdin
ln -s fd/1 stdout
ln -s fd/2 stderr
cd /

# libvirtd wants the accounts it was compiled with, even if it is told to use others.
accounts() {
  cat "/etc/$1"
  for account in libvirt-qemu:64055 libvirt-dnsmasq:64056 nobody:65534 nogroup:65534; do
    grep -q "^${account%%:*}:" "/etc/$1" || echo "${account%%:*}:x:${account#*:}:$2"
  done
}
accounts passwd 65534::/nonexistent:/usr/sbin/nologin >"$new/passwd"
accounts group '' >"$new/group"
mount --bind "$new/passwd" /etc/passwd
mount --bind "$new/group" /etc/group

for part in etc lib cache log; do
  mkdir -p "$new/run/skerry/lab/libvirt/$part"
done
mkdir -p "$new/run/skerry/lab/libvirt/run"
mount --rbind "$new/dev" /dev
mount --rbind "$new/run" /run
# What lies below /mnt on the host, a checkout perhaps, is seen again.
cd / && umount -l "$new"
# Packages leave some of these folders out; nothing else below their parents is used in here.
for folder in /var/lib /var/cache /var/log; do
  [ -d "$folder/libvirt" ] || { mount -t tmpfs -o mode=755 "${folder##*/}" "$folder" && mkdir "$folder/libvirt"; }
done
for pair in etc:/etc/libvirt lib:/var/lib/libvirt cache:/var/cache/libvirt log:/var/log/libvirt; do
  mount --bind "/run/skerry/lab/libvirt/${pair%%:*}" "${pair#*:}"
done

# The lab's network, as a file: pasta may open that, but not our /proc/PID/ns/net.
: >/run/netns
unshare --net=/run/netns true

# One of several hypervisors has a name and links of its own.
[ -z "${SKERRY_LINKS-}" ] || . "$SKERRY_LINKS"

keep_uplink /run/netns '! -o lab0'

# In the lab's network /sys must show its links, or bridges cannot be set up.
nsenter --net=/run/netns unshare --mount sh -c 'mount -t sysfs sysfs /sys; ip link set lo up; exec "$@"' sh "$@" &
wait $!
