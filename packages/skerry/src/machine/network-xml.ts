import { raw, xml } from './xml.ts';

export interface NetworkPlan {
  readonly name: string;
  readonly uuid: string;
  readonly domain: string;
  readonly gateway: string;
  /** Of the gateway. Always the same: machines that are thawed in another sandbox still know it. */
  readonly mac: string;
  readonly netmask: string;
  /** Where names outside the lab are asked for; none without a way out. */
  readonly forwarder: string | undefined;
  readonly hosts: readonly NetworkHost[];
}

export interface NetworkHost {
  readonly mac: string;
  readonly address: string;
  /** The host name and its aliases, without the domain. */
  readonly names: readonly string[];
}

/** dnsmasq asks nobody, and machines learn of no router. */
const NO_WAY_OUT =
  '<dnsmasq:options><dnsmasq:option value="no-resolv"/><dnsmasq:option value="dhcp-option=3"/></dnsmasq:options>';

/**
 * The lab's network (https://libvirt.org/formatnetwork.html): a reservation and DNS records (A, PTR and aliases) for
 * every machine, so that names resolve before a machine has even booted. Without stp=off and delay=0 a new port is
 * mute for seconds. `open`: libvirt would start iptables 45 times for rules that a sandbox has no use for, which takes a
 * fifth of a second; the one that a way out needs is in share/sandbox-init.sh.
 */
export function networkXml(plan: NetworkPlan): string {
  const forwarder = plan.forwarder ? xml`<forwarder addr="${plan.forwarder}"/>` : '';
  return xml`<network xmlns:dnsmasq="http://libvirt.org/schemas/network/dnsmasq/1.0">
  <name>${plan.name}</name>
  <uuid>${plan.uuid}</uuid>
  <forward mode="open"/>
  <bridge name="lab0" stp="off" delay="0"/>
  <mac address="${plan.mac}"/>
  <domain name="${plan.domain}" localOnly="yes"/>
  <dns>
    ${raw(forwarder)}
    ${raw([{ address: plan.gateway, names: ['gateway'] }, ...plan.hosts].map((host) => dnsHostXml(host, plan.domain)).join('\n    '))}
  </dns>
  <ip address="${plan.gateway}" netmask="${plan.netmask}">
    <dhcp>
      ${raw(plan.hosts.map(dhcpHostXml).join('\n      '))}
    </dhcp>
  </ip>
  ${raw(plan.forwarder ? '' : NO_WAY_OUT)}
</network>`;
}

/** One machine's DNS records, also for a live update of a running network. */
export function dnsHostXml(host: Pick<NetworkHost, 'address' | 'names'>, domain: string): string {
  const names = host.names.flatMap((name) => [`${name}.${domain}`, name]);
  const hostnames = names.map((name) => xml`<hostname>${name}</hostname>`);
  return xml`<host ip="${host.address}">${raw(hostnames.join(''))}</host>`;
}

/** One machine's DHCP reservation, also for a live update of a running network. */
export function dhcpHostXml(host: NetworkHost): string {
  return xml`<host mac="${host.mac}" name="${host.names[0] ?? ''}" ip="${host.address}"/>`;
}
