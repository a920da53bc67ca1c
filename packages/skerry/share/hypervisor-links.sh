# Read by sandbox-init.sh in one of several hypervisors, in the network namespace of hypervisors-init.sh: gives it a name
# and two links, with an address in both networks. VMs reach each other on every hypervisor, and no hypervisor: it only
# takes their answers, as to who logs in to one from there.
#   SKERRY_HOSTNAME  its name
#   SKERRY_HOSTS     a hosts(5) file that names all hypervisors
#   SKERRY_ADDRESS   its address among them
#   SKERRY_VMS_ADDRESS  and among the VMs
hostname "$SKERRY_HOSTNAME"
mount --bind "$SKERRY_HOSTS" /etc/hosts
# libvirt resolves names, and would wait for servers that are not there.
: >/run/no-resolver
[ ! -e /etc/resolv.conf ] || mount --bind /run/no-resolver /etc/resolv.conf

# Those of a hypervisor that has just been killed may still be there.
ip -force -batch - <<END 2>/dev/null || :
link delete $SKERRY_HOSTNAME-hosts
link delete $SKERRY_HOSTNAME-vms
END
ip -batch - <<END
link add $SKERRY_HOSTNAME-hosts type veth peer name host0 netns /run/netns
link add $SKERRY_HOSTNAME-vms type veth peer name vm0 netns /run/netns
link set $SKERRY_HOSTNAME-hosts master hosts up
link set $SKERRY_HOSTNAME-vms master vms up
END
nsenter --net=/run/netns ip -batch - <<END
address add $SKERRY_ADDRESS/24 dev host0
link set host0 up
link add virbr0 type bridge stp_state 0 forward_delay 0
link set virbr0 addrgenmode none
link set vm0 addrgenmode none
link set virbr0 up
link set vm0 master virbr0 up
address add $SKERRY_VMS_ADDRESS/24 dev virbr0
END
# VMs of a network that libvirt routes may not come here either, nor pass: libvirtd asks other hypervisors for nothing.
nsenter --net=/run/netns iptables-restore -w --noflush <<END
*mangle
-A PREROUTING -i lo -j ACCEPT
-A PREROUTING -i host0 -j ACCEPT
-A PREROUTING -i virbr0 -d $SKERRY_VMS_ADDRESS -p tcp ! --syn -j ACCEPT
-A PREROUTING -d $SKERRY_VMS_ADDRESS -j DROP
-A PREROUTING ! -i virbr0 -d $SKERRY_VMS_ADDRESS/24 -j DROP
-A PREROUTING -d $SKERRY_ADDRESS/24 -j DROP
COMMIT
END
