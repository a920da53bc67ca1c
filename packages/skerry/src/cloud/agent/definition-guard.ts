// What of a definition reaches beyond the machine, and therefore needs a permission of its own. Pure.
import { all, attribute, type Element, first, textOf, walk } from '../xml/element.ts';

/** The permission to hand parts of the host to a machine. */
export const HOST_PERMISSION = 'define_host';

const ELEMENTS: Readonly<Record<string, string>> = {
  hostdev: 'a device of the host',
  filesystem: 'a folder of the host',
  shmem: 'memory shared with others on the host',
  emulator: 'a program of the host',
  seclabel: 'how the host confines it',
  launchSecurity: 'how the host confines it',
  redirdev: 'a device from elsewhere',
  crypto: 'a device of the host',
  vsock: 'a way to the host',
};
const NIC_TYPES = new Set(['network', 'bridge', 'user']);
const DISK_TYPES = new Set(['file', 'volume']);
const CHARACTER_TYPES = new Set(['pty', 'spicevmc', 'null']);
const FREE_PATHS = new Set(['/dev/random', '/dev/urandom']);
const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);

/**
 * Everything in a `<domain>` that reaches beyond the machine, in words; none for an ordinary one. `folders` are those
 * of the storage pools: disks may be in them and nowhere else.
 *
 * @example
 * reachesHost(parseXml('<domain><devices><hostdev/></devices></domain>'), []); // ['a device of the host (hostdev)']
 */
export function reachesHost(domain: Element, folders: readonly string[]): string[] {
  const found = [...walk(domain)].flatMap(([element, path]) => {
    if (path.startsWith('domain/metadata')) return [];
    return [...byName(element), ...byType(element, path), ...byPath(element, path, folders)];
  });
  return [...new Set(found)];
}

function byName({ name }: Element): string[] {
  if (name.includes(':')) return [`what libvirt does not check (${name})`];
  return name in ELEMENTS ? [`${ELEMENTS[name]} (${name})`] : [];
}

function byType(element: Element, path: string): string[] {
  const type = element.attributes['type'] ?? '';
  switch (path) {
    case 'domain/devices/interface':
      return NIC_TYPES.has(type) ? [] : [`a network card of the type ${type || '?'}`];
    case 'domain/devices/disk':
      return DISK_TYPES.has(type || 'file') ? [] : [`a disk of the type ${type}`];
    case 'domain/devices/serial':
    case 'domain/devices/console':
    case 'domain/devices/channel':
    case 'domain/devices/parallel':
      return isHarmlessCharacterDevice(element.name, type || 'pty')
        ? []
        : [`a ${element.name} of the type ${type}`];
    case 'domain/devices/graphics':
      return listensAt(element).every((address) => LOOPBACK.has(address))
        ? []
        : ['a screen that listens on the network: Skerry shows it without that'];
    case 'domain/devices/tpm':
      return attribute(element, 'backend', 'type') === 'emulator' ? [] : ['a TPM of the host'];
    default:
      return [];
  }
}

function isHarmlessCharacterDevice(name: string, type: string): boolean {
  return CHARACTER_TYPES.has(type) || (name === 'channel' && type === 'unix');
}

function listensAt(graphics: Element): string[] {
  const listens = all(graphics, 'listen').map(({ attributes }) =>
    attributes['type'] === 'address' ? (attributes['address'] ?? '127.0.0.1') : '127.0.0.1',
  );
  return [graphics.attributes['listen'] ?? '127.0.0.1', ...listens];
}

/** A path of the host anywhere, if it is not one of a pool. */
function byPath(element: Element, path: string, folders: readonly string[]): string[] {
  // libvirt chooses the socket of the guest agent's channel itself, and gives it in the XML.
  if (path.startsWith('domain/devices/channel/')) return [];
  const texts = element.children.filter((child): child is string => typeof child === 'string');
  return [...Object.values(element.attributes), ...texts.map((text) => text.trim())]
    .filter((value) => value.startsWith('/') && !FREE_PATHS.has(value))
    .filter((value) => !isIn(value, folders))
    .map((value) => `the host's ${value} (${element.name})`);
}

function isIn(path: string, folders: readonly string[]): boolean {
  return !path.split('/').includes('..') && folders.some((each) => path.startsWith(`${each}/`));
}

/** The target folder of a `<pool>`, if it has one. */
export function poolFolder(pool: Element): string | undefined {
  return first(pool, 'target') === undefined
    ? undefined
    : (textOf(pool, 'target/path') ?? undefined);
}
