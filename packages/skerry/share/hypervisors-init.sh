#!/bin/sh
# Pid 1 of the namespaces around several hypervisors (src/hypervisors). It holds two bridges, to which each hypervisor
# brings a link (hypervisor-links.sh): `hosts` for the hypervisors themselves, `vms` for the network cards of their VMs,
# which get their addresses here. Every process of every hypervisor is below it and ends with it.
#   SKERRY_TIED     1: ends when stdin does, that is with whoever started it
#   SKERRY_VMS      the first three numbers of the VMs' addresses
#   SKERRY_OUTSIDE  the address where hypervisors reach what is exposed to them (src/hypervisors/expose.ts)
set -eu
umask 022

# Nothing of VMs is for the hypervisors, or for what listens here on their side.
iptables -w -t mangle -A PREROUTING -i vms -d "$SKERRY_OUTSIDE/24" -j DROP
# With STP each new port would be mute for seconds. `hosts` comes last: who waits for it has both.
ip -batch - <<END
link set lo up
link add vms type bridge stp_state 0 forward_delay 0
link set vms up
address add $SKERRY_VMS.1/24 dev vms
link add hosts type bridge stp_state 0 forward_delay 0
link set hosts up
address add $SKERRY_OUTSIDE/24 dev hosts
END
(
  # No router and no names of elsewhere: there is no way out.
  for try in 1 2 3 4 5; do
    dnsmasq --keep-in-foreground --conf-file=/dev/null --user=root --pid-file= --leasefile-ro \
      --log-facility=- --interface=vms --bind-interfaces --no-hosts --no-resolv --dhcp-authoritative \
      --dhcp-range="$SKERRY_VMS.50,$SKERRY_VMS.250,24h" --dhcp-option=3 </dev/null || echo "dnsmasq ended with $? (start $try of 5)"
    sleep 1
  done
) &
# A shell that waits reaps orphans too.
if [ "${SKERRY_TIED-}" = 1 ]; then cat >/dev/null; else wait; fi
