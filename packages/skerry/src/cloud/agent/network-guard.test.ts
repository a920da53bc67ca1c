import { expect, test } from 'vitest';
import { parseXml } from '../xml/element.ts';
import { networkReachesHost } from './network-guard.ts';

const reach = (inner: string, root = ''): string[] =>
  networkReachesHost(parseXml(`<network ${root}>${inner}</network>`));

test('an ordinary network reaches nothing', () => {
  expect(
    reach(`<name>lan</name><uuid>5</uuid><forward mode='nat'><nat><port start='1024' end='65535'/></nat></forward>
    <bridge name='virbr1' stp='on' delay='0'/><mac address='52:54:00:00:00:01'/><domain name='lan' localOnly='yes'/>
    <dns><host ip='10.9.8.1'><hostname>a</hostname></host></dns>
    <ip address='10.9.8.1' netmask='255.255.255.0'><dhcp><range start='10.9.8.10' end='10.9.8.20'/><host mac='52:54:00:00:00:02' name='b' ip='10.9.8.2'/></dhcp></ip>`),
  ).toEqual([]);
});

test.each([
  ["<forward mode='bridge'/><bridge name='br0'/>", 'forwarding of the mode bridge'],
  ["<forward mode='hostdev'><pf dev='eth0'/></forward>", 'pf of forward'],
  ["<forward mode='passthrough'/>", 'forwarding of the mode passthrough'],
  ["<forward mode='nat' dev='eth0'/>", 'the dev of forward'],
  ["<ip address='10.9.8.1' prefix='24'><tftp root='/etc'/></ip>", 'tftp of ip'],
  ["<route address='0.0.0.0' prefix='1' gateway='10.9.8.2'/>", 'route of network'],
  ["<bridge name='virbr1' zone='trusted'/>", 'the zone of bridge'],
  ["<dnsmasq:options><dnsmasq:option value='dhcp-script=x'/></dnsmasq:options>", 'dnsmasq:options'],
  ["<options xmlns='http://libvirt.org/schemas/network/dnsmasq/1.0'/>", 'options of network'],
])('%s reaches the host', (inner, expected) => {
  expect(reach(inner).join('; ')).toContain(expected);
});
