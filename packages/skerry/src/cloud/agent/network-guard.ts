// What of a network's definition reaches the host: programs and files of its, cards, bridges and routes. Pure.
import { contentOf, type Element, elementsOf, walk } from '../xml/element.ts';

const PARTS: Readonly<Record<string, string>> = {
  network:
    'name uuid title description metadata bridge mac mtu domain forward ip dns portgroup bandwidth port',
  'network/forward': 'nat',
  'network/forward/nat': 'port',
  'network/ip': 'dhcp',
  'network/ip/dhcp': 'range host',
  'network/ip/dhcp/range': 'lease',
  'network/ip/dhcp/host': 'lease',
  'network/dns': 'forwarder host txt srv',
  'network/dns/host': 'hostname',
  'network/portgroup': 'bandwidth',
  'network/portgroup/bandwidth': 'inbound outbound',
  'network/bandwidth': 'inbound outbound',
};
const ATTRIBUTES: Readonly<Record<string, string>> = {
  'network/bridge': 'name stp delay macTableManager',
  'network/forward': 'mode',
  'network/domain': 'name localOnly',
};
const FORWARD_MODES = new Set(['nat', 'route', 'open']);

/**
 * Everything in a `<network>` that reaches the host beyond a bridge of its own, in words.
 *
 * @example
 * networkReachesHost(parseXml("<network><forward mode='bridge'/></network>")); // ["forwarding of the mode bridge"]
 */
export function networkReachesHost(network: Element): string[] {
  return [...walk(network)].flatMap(([element, path]) => {
    if (path.startsWith('network/metadata/')) return [];
    const { name, attributes } = element;
    const parts = words(PARTS[path]);
    const strange = elementsOf(element).filter((child) => !parts.includes(child.name));
    const allowed = path in ATTRIBUTES ? words(ATTRIBUTES[path]) : undefined;
    const odd = Object.keys(attributes).filter(
      (key) => key === 'xmlns' || (key.includes(':') && path !== 'network') || isOdd(allowed, key),
    );
    const mode = path === 'network/forward' ? attributes['mode'] : undefined;
    return [
      ...(path === 'network/metadata' ? [] : strange.map((child) => `${child.name} of ${name}`)),
      ...odd.map((key) => `the ${key} of ${name}`),
      ...(mode === undefined || FORWARD_MODES.has(mode) ? [] : [`forwarding of the mode ${mode}`]),
      ...[...Object.values(attributes), contentOf(element)].filter((value) =>
        value.startsWith('/'),
      ),
    ];
  });
}

function isOdd(allowed: readonly string[] | undefined, key: string): boolean {
  return allowed !== undefined && !allowed.includes(key);
}

function words(text = ''): string[] {
  return text.split(' ');
}
