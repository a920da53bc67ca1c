# Read by sandbox-init.sh in one of several hypervisors, in the network namespace of hypervisors-init.sh: gives it a name
# and two links. Of the network of the hypervisors it has an address; of that of the VMs it only has a bridge, so that
# VMs reach each other on every hypervisor, and no hypervisor.
#   SKERRY_HOSTNAME  its name
#   SKERRY_HOSTS     a hosts(5) file that names all hypervisors
#   SKERRY_ADDRESS   its address among them
hostname "$SKERRY_HOSTNAME"
mount --bind "$SKERRY_HOSTS" /etc/hosts
# libvirt resolves names, and would wait for servers that are not there.
: >/run/no-resolver
[ ! -e /etc/resolv.conf ] || mount --bind /run/no-resolver /etc/resolv.conf

tries=0
until ip link show hosts >/dev/null 2>&1; do
  [ $((tries += 1)) -le 250 ] || { echo 'there is no bridge for the hypervisor' && exit 1; }
  sleep 0.02
done
for pair in hosts:host0 vms:vm0; do
  link="$SKERRY_HOSTNAME-${pair%%:*}"
  # That of a hypervisor that has just been killed may still be there.
  ip link delete "$link" 2>/dev/null || :
  ip link add "$link" type veth peer name "${pair#*:}" netns /run/netns
  ip link set "$link" master "${pair%%:*}" up
done
nsenter --net=/run/netns sh -e <<'END'
ip link set lo up
ip address add "$SKERRY_ADDRESS/24" dev host0
ip link set host0 up
ip link add virbr0 type bridge stp_state 0 forward_delay 0
for link in virbr0 vm0; do ip link set "$link" addrgenmode none; done
ip link set virbr0 up
ip link set vm0 master virbr0 up
# VMs of a network that libvirt routes may not come here either, nor pass: libvirtd asks other hypervisors for nothing.
iptables -w -t mangle -A PREROUTING -i lo -j ACCEPT
iptables -w -t mangle -A PREROUTING -i host0 -j ACCEPT
iptables -w -t mangle -A PREROUTING -d "$SKERRY_ADDRESS/24" -j DROP
END
