// What of a definition reaches beyond the machine, and therefore needs a permission of its own. Pure.
import { all, attribute, type Element, first, formatXml, textOf, walk } from '../xml/element.ts';

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
const DISK_TYPES = new Set(['file']);
const CHARACTER_TYPES = new Set(['pty', 'spicevmc', 'null']);
const FREE_PATHS = new Set(['/dev/random', '/dev/urandom']);
const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);

export interface GuardOptions {
  /** The machine's present definition: what it has already it may keep. */
  readonly before?: Element | undefined;
  /** Whether a file is a golden image, which all may read. */
  readonly isImage: (path: string) => boolean;
}

/**
 * Everything in a `<domain>` that reaches beyond the machine, in words; none for an ordinary one. Files in the storage pools
 * are others' disks unless they are its own: new drives come by the verb for that.
 *
 * @example
 * const options = { isImage: () => false };
 * reachesHost(parseXml('<domain><devices><hostdev/></devices></domain>'), options); // ['a device of the host (hostdev)']
 */
export function reachesHost(domain: Element, { before, isImage }: GuardOptions): string[] {
  const kept = new Set(before ? [...walk(before)].map(textOfPart) : []);
  const own = new Set(before ? pathsOf(before) : []);
  const written = new Set(all(domain, 'devices/disk').filter(isWritten).flatMap(pathsOf));
  const found = [...walk(domain)].flatMap(([element, path]) => {
    if (path.startsWith('domain/metadata') || kept.has(textOfPart([element, path]))) return [];
    const isFree = (value: string): boolean =>
      own.has(value) || (!written.has(value) && isImage(value));
    return [...byName(element), ...byType(element, path), ...byPath(element, path, isFree)];
  });
  return [...new Set(found)];
}

/** An element with all in it, and where it is. */
function textOfPart([element, path]: readonly [Element, string]): string {
  return `${path} ${formatXml(element)}`;
}

/** All paths of the host in an element and what is in it. */
function pathsOf(root: Element): string[] {
  return [...walk(root)].flatMap(([element]) => ownPathsOf(element));
}

function isWritten(disk: Element): boolean {
  return first(disk, 'readonly') === undefined && disk.attributes['device'] !== 'cdrom';
}

function ownPathsOf(element: Element): string[] {
  const texts = element.children.filter((child): child is string => typeof child === 'string');
  return [...Object.values(element.attributes), ...texts.map((text) => text.trim())].filter(
    (value) => value.startsWith('/') && !FREE_PATHS.has(value),
  );
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

/** A path of the host anywhere, if it is neither the machine's own nor an image that it only reads. */
function byPath(element: Element, path: string, isFree: (value: string) => boolean): string[] {
  // libvirt chooses the socket of the guest agent's channel itself, and gives it in the XML.
  if (path.startsWith('domain/devices/channel/')) return [];
  return ownPathsOf(element)
    .filter((value) => !isFree(value))
    .map((value) => `the host's ${value} (${element.name})`);
}

/** Whether a path is in a folder, or in one in it. */
export function isIn(path: string, folder: string): boolean {
  return !path.split('/').includes('..') && path.startsWith(`${folder}/`);
}

/** The target folder of a `<pool>`, if it has one. */
export function poolFolder(pool: Element): string | undefined {
  return first(pool, 'target') === undefined
    ? undefined
    : (textOf(pool, 'target/path') ?? undefined);
}
