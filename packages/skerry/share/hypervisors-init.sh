#!/bin/sh
# Pid 1 of the namespaces around several hypervisors (src/hypervisors), in the host's network namespace. It makes one with
# two bridges, to which each hypervisor brings a link (hypervisor-links.sh): `hosts` for the hypervisors themselves, `vms`
# for the network cards of their VMs, which get their addresses here. Every process of every hypervisor is below it and
# ends with it.
#   SKERRY_TIED     1: ends when stdin does, that is with whoever started it
#   SKERRY_NETNS    a file, where others find the network namespace
#   SKERRY_READY    a file to make when there is one and its bridges are
#   SKERRY_VMS      the first three numbers of the VMs' addresses
#   SKERRY_OUTSIDE  the address where hypervisors reach what is exposed to them (src/hypervisors/expose.ts)
#   SKERRY_UPLINK SKERRY_DNS  the VMs' way out: uplink.sh
set -eu
umask 022
. "${0%/*}/uplink.sh"

: >"$SKERRY_NETNS"
unshare --net="$SKERRY_NETNS" true
inside() { nsenter --net="$SKERRY_NETNS" "$@"; }
# Nothing of VMs is for the hypervisors, or for what listens here on their side; nor do these pass on what is not theirs.
inside iptables -w -t mangle -A PREROUTING -i vms -d "$SKERRY_OUTSIDE/24" -j DROP
inside iptables -w -A FORWARD -i hosts ! -o hosts -j DROP
# With STP each new port would be mute for seconds.
inside ip -batch - <<END
link set lo up
link add vms type bridge stp_state 0 forward_delay 0
link set vms up
address add $SKERRY_VMS.1/24 dev vms
link add hosts type bridge stp_state 0 forward_delay 0
link set hosts up
address add $SKERRY_OUTSIDE/24 dev hosts
END
: >"$SKERRY_READY"
case "$SKERRY_UPLINK" in
# Without a way out there is no router, and there are no names of elsewhere.
none) way='--dhcp-option=3' ;;
*)
  inside sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
  way="--server=$SKERRY_DNS"
  ;;
esac
keep_uplink "$SKERRY_NETNS" "-s $SKERRY_VMS.0/24 ! -o vms"
(
  for try in 1 2 3 4 5; do
    inside dnsmasq --keep-in-foreground --conf-file=/dev/null --user=root --pid-file= --leasefile-ro --log-facility=- \
      --interface=vms --bind-interfaces --no-hosts --no-resolv --dhcp-authoritative \
      --dhcp-range="$SKERRY_VMS.50,$SKERRY_VMS.250,24h" "$way" </dev/null || echo "dnsmasq ended with $? (start $try of 5)"
    sleep 1
  done
) &
# A shell that waits reaps orphans too.
if [ "${SKERRY_TIED-}" = 1 ]; then cat >/dev/null; else wait; fi
