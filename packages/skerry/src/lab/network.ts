import { type Connection, isNotFound } from '@skerry/libvirt';
import {
  dhcpHostXml,
  dnsHostXml,
  networkXml,
  type NetworkHost,
  type NetworkPlan,
} from '../machine/network-xml.ts';
import { SANDBOX } from '../sandbox/config.ts';
import { SkerryError } from '../util/errors.ts';
import { uuidOf } from '../util/uuid.ts';
import { NETWORK_NAME } from './facts.ts';
import type { LabSpec } from '../lab-file/spec.ts';

/** What the lab's network shall be. Pure. */
export function networkPlanOf(lab: LabSpec, labId: string, uplink: string): NetworkPlan {
  return {
    name: NETWORK_NAME,
    uuid: uuidOf('network', labId),
    domain: lab.network.domain,
    gateway: lab.network.gateway,
    // Another prefix than that of machines.
    mac: `52:54:01:${uuidOf('gateway', labId)
      .slice(0, 6)
      .replace(/(..)(?=.)/g, '$1:')}`,
    netmask: netmaskOf(lab.network.cidr),
    forwarder: resolverOf(uplink),
    hosts: lab.machines.map((machine) => ({
      mac: machine.mac,
      address: machine.address,
      names: [machine.hostname, ...machine.aliases],
    })),
  };
}

/** Where names outside the lab are asked for. */
function resolverOf(uplink: string): string | undefined {
  if (uplink === 'none') return undefined;
  return uplink === 'slirp4netns' ? SANDBOX.slirpDns : SANDBOX.dns;
}

/**
 * Defines and starts the network, or brings a running one up to date without disturbing anybody on it.
 * @throws NETWORK_MOVED where the running one has another gateway or domain: then everything has to stop first
 */
export async function applyNetwork(connection: Connection, plan: NetworkPlan): Promise<void> {
  const network = await connection.network(plan.name).catch((error: unknown) => {
    if (isNotFound(error)) return undefined;
    throw error;
  });
  if (!network || !(await network.isActive())) {
    const defined = await connection.defineNetwork(networkXml(plan));
    await defined.start();
    return;
  }
  const xml = await network.xml();
  if (
    !xml.includes(`<domain name='${plan.domain}'`) ||
    !xml.includes(`<ip address='${plan.gateway}'`)
  )
    throw new SkerryError('NETWORK_MOVED');
  for (const host of plan.hosts) {
    if (hasHost(xml, host, plan.domain)) continue;
    // A record that differs in any part is replaced: libvirt refuses a second one for the same MAC or address.
    const affect = { affect: 'both' } as const;
    const dhcp = dhcpHostXml(host);
    const dns = dnsHostXml(host, plan.domain);
    await network
      .update({ section: 'ip-dhcp-host', command: 'delete', xml: dhcp }, affect)
      .catch(() => {});
    await network
      .update({ section: 'dns-host', command: 'delete', xml: dns }, affect)
      .catch(() => {});
    await network.update({ section: 'ip-dhcp-host', command: 'add-last', xml: dhcp }, affect);
    await network.update({ section: 'dns-host', command: 'add-last', xml: dns }, affect);
  }
}

function hasHost(xml: string, host: NetworkHost, domain: string): boolean {
  const record = new RegExp(
    `<host ip='${host.address.replaceAll('.', '\\.')}'>([\\s\\S]*?)</host>`,
  ).exec(xml)?.[1];
  const names = host.names.every((name) =>
    record?.includes(`<hostname>${name}.${domain}</hostname>`),
  );
  return (
    names && xml.includes(`<host mac='${host.mac}' name='${host.names[0]}' ip='${host.address}'`)
  );
}

/** 255.255.255.0 for 10.0.0.0/24. */
export function netmaskOf(cidr: string): string {
  const bits = Number(cidr.split('/')[1]);
  const mask = bits === 0 ? 0 : (~0 << (32 - bits)) >>> 0;
  return [24, 16, 8, 0].map((shift) => (mask >>> shift) & 255).join('.');
}
