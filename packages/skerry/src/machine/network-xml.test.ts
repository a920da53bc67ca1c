import { XMLParser, XMLValidator } from 'fast-xml-parser';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { dhcpHostXml, dnsHostXml, networkXml, type NetworkPlan } from './network-xml.ts';

const plan: NetworkPlan = {
  name: 'lab',
  uuid: '3d0f6f9c-6a5c-8b1e-9f7e-0123456789ab',
  domain: 'archipelago.test',
  gateway: '10.97.160.1',
  mac: '52:54:01:aa:bb:cc',
  netmask: '255.255.255.0',
  forwarder: '169.254.53.53',
  hosts: [
    {
      mac: '52:54:00:00:00:01',
      address: '10.97.160.2',
      names: ['central-server', 'central_server'],
    },
    { mac: '52:54:00:00:00:02', address: '10.97.160.3', names: ['agent'] },
  ],
};

test('a network as libvirt gets it', () => {
  expect(networkXml(plan)).toMatchInlineSnapshot(`
    "<network xmlns:dnsmasq="http://libvirt.org/schemas/network/dnsmasq/1.0">
      <name>lab</name>
      <uuid>3d0f6f9c-6a5c-8b1e-9f7e-0123456789ab</uuid>
      <forward mode="open"/>
      <bridge name="lab0" stp="off" delay="0"/>
      <mac address="52:54:01:aa:bb:cc"/>
      <domain name="archipelago.test" localOnly="yes"/>
      <dns>
        <forwarder addr="169.254.53.53"/>
        <host ip="10.97.160.1"><hostname>gateway.archipelago.test</hostname><hostname>gateway</hostname></host>
        <host ip="10.97.160.2"><hostname>central-server.archipelago.test</hostname><hostname>central-server</hostname><hostname>central_server.archipelago.test</hostname><hostname>central_server</hostname></host>
        <host ip="10.97.160.3"><hostname>agent.archipelago.test</hostname><hostname>agent</hostname></host>
      </dns>
      <ip address="10.97.160.1" netmask="255.255.255.0">
        <dhcp>
          <host mac="52:54:00:00:00:01" name="central-server" ip="10.97.160.2"/>
          <host mac="52:54:00:00:00:02" name="agent" ip="10.97.160.3"/>
        </dhcp>
      </ip>
      
    </network>"
  `);
});

test('without a way out dnsmasq asks nobody, and machines learn of no router', () => {
  const xml = networkXml({ ...plan, forwarder: undefined });
  expect(XMLValidator.validate(xml)).toBe(true);
  expect(xml).not.toContain('<forwarder');
  expect(xml).toContain('<dnsmasq:option value="no-resolv"/>');
  expect(xml).toContain('<dnsmasq:option value="dhcp-option=3"/>');
  expect(networkXml({ ...plan, forwarder: '169.254.53.53' })).not.toContain('<dnsmasq:option');
});

test('one host, for the update of a running network', () => {
  const [host = { mac: '', address: '', names: [] }] = plan.hosts;
  expect(dhcpHostXml(host)).toMatchInlineSnapshot(
    `"<host mac="52:54:00:00:00:01" name="central-server" ip="10.97.160.2"/>"`,
  );
  expect(dnsHostXml(host, 'a.test')).toMatchInlineSnapshot(
    `"<host ip="10.97.160.2"><hostname>central-server.a.test</hostname><hostname>central-server</hostname><hostname>central_server.a.test</hostname><hostname>central_server</hostname></host>"`,
  );
});

test('whatever its names hold, the XML is well-formed and gives them back', () => {
  const text = fc
    .string({ unit: 'grapheme', minLength: 1 })
    .filter((value) => !/[\0-\x1f\x7f]/.test(value));
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '@',
    parseTagValue: false,
    trimValues: false,
  });
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 3 }), (names) => {
      const xml = networkXml({ ...plan, hosts: [{ mac: 'm', address: 'a', names }] });
      expect(XMLValidator.validate(xml)).toBe(true);
      const parsed = parser.parse(xml) as {
        network: {
          dns: { host: { '@ip': string; hostname: string[] }[] };
          ip: { dhcp: { host: { '@name': string } } };
        };
      };
      expect(parsed.network.dns.host[1]?.hostname).toEqual(
        names.flatMap((name) => [`${name}.${plan.domain}`, name]),
      );
      expect(parsed.network.ip.dhcp.host['@name']).toBe(names[0]);
    }),
  );
});
