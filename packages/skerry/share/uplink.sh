# Read by the first process of a sandbox, and by that of the namespaces around several hypervisors.
#   SKERRY_UPLINK  pasta, slirp4netns or none
#   SKERRY_DNS     the address inside at which the host's resolver answers

# Joins the network namespace at $1 to the host's, until it breaks.
uplink() {
  case "$SKERRY_UPLINK" in
  pasta)
    # --no-map-gw: the gateway's address is the gateway's, not a way to what listens on the host's loopback.
    pasta --config-net -f -q --no-map-gw -t none -u none -T none -U none --dns-forward "$SKERRY_DNS" \
      --runas 0:0 --netns-only --netns "$1"
    ;;
  slirp4netns) slirp4netns --configure --mtu=65520 --disable-host-loopback --netns-type=path "$1" eth0 ;;
  esac
}

# Keeps such a way out in the background for the network namespace at $1; $2 is what iptables knows the packets by that take it.
keep_uplink() {
  [ "$SKERRY_UPLINK" != none ] || return 0
  (
    # pasta of Debian 12 sends packets without any TCP flag. Not being of a known connection they would get no address
    # translation, reach this side instead of the guest, and be answered with a reset.
    nsenter --net="$1" iptables -w -A INPUT -m conntrack --ctstate INVALID -j DROP || echo "iptables ended with $?"
    # What goes out comes from the one address that the uplink knows.
    # shellcheck disable=SC2086
    nsenter --net="$1" iptables -w -t nat -A POSTROUTING $2 -j MASQUERADE || echo "iptables ended with $?"
    for try in 1 2 3 4 5; do
      uplink "$1" || echo "uplink: $SKERRY_UPLINK ended with $? (start $try of 5)"
      sleep 1
    done
  ) &
}
