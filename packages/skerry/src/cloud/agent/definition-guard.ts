// What of a definition reaches beyond the machine, and therefore needs a permission of its own. Pure.
import { basename } from 'node:path';
import {
  all,
  contentOf,
  type Element,
  elementsOf,
  first,
  formatXml,
  textOf,
  walk,
} from '../xml/element.ts';
import { isIn } from './is-in.ts';
import {
  isFreeText,
  isOrdinaryAttribute,
  isOrdinaryPart,
  isOrdinaryValue,
} from './ordinary-parts.ts';

/** The permission to hand parts of the host to a machine. */
export const HOST_PERMISSION = 'define_host';

/** Words for some of what is not ordinary. */
const ELEMENTS: Readonly<Record<string, string>> = {
  hostdev: 'a device of the host',
  filesystem: 'a folder of the host',
  shmem: 'memory shared with others on the host',
  emulator: 'a program of the host',
  seclabel: 'how the host confines it',
  launchSecurity: 'how the host confines it',
  smartcard: 'a device from elsewhere',
  crypto: 'a device of the host',
  vsock: 'a way to the host',
  log: 'a file of the host',
};
const ON_NETWORK = 'a screen that listens on the network: Skerry shows it without that';
const FREE_PATHS = new Set(['/dev/random', '/dev/urandom']);

export interface GuardOptions {
  /** The machine's present definition: what it has already it may keep. */
  readonly before?: Element | undefined;
  /** Whether a file is a golden image, which all may read. */
  readonly isImage: (path: string) => boolean;
}

/** What a machine has, as far as a new definition may use it in another way than now. */
interface Had {
  readonly root: Element | undefined;
  /** Whole devices and other parts. */
  readonly parts: ReadonlySet<string>;
  /** Values where they are. */
  readonly values: ReadonlySet<string>;
  readonly disks: readonly { readonly file: string; readonly use: DiskUse }[];
}

interface DiskUse {
  readonly written: boolean;
  readonly format: string;
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
  const had = hadBy(before);
  const parts = [...partsOf(domain)].filter(
    ([part, path]) => path !== 'domain/metadata' && !had.parts.has(textOfPart(part, path)),
  );
  const frame = [domain, ...all(domain, 'devices')].flatMap((each) => ofFrame(each, had));
  const found = parts.flatMap(([part, path]) => [...ofPart(part, path, had, isImage)]);
  return [...new Set([...frame, ...found])];
}

/**
 * What a machine has of its host, in words: what another one like it, or it on another host, would have too. What libvirt adds
 * by itself, and how it is tuned are aside, and so are disks that are its own there too. What it starts from is not: by a kernel
 * or a ROM it reads a file, and into its firmware's variables it writes.
 */
export function partsOfHost(
  domain: Element,
  isDisk: (file: string) => boolean,
  isImage: (file: string) => boolean = () => false,
): string[] {
  const isAside = (device: Element): boolean =>
    device.name === 'emulator' ||
    (device.name === 'disk' &&
      device.attributes['type'] === 'file' &&
      filesOf(device).every(isDisk));
  const aside = elementsOf(domain).flatMap((each) => {
    if (each.name === 'devices') return [{ ...each, children: elementsOf(each).filter(isAside) }];
    if (each.name === 'os')
      return [
        { ...each, children: elementsOf(each).filter((part) => isLibvirtsOwn(part, domain)) },
      ];
    return each.name.includes(':') ? [] : [each];
  });
  return reachesHost(domain, { before: { ...domain, children: aside }, isImage });
}

/** What of `<os>` names files that the machine reads, or writes its firmware's variables to, wherever they are. */
const OS_FILES = new Set(['kernel', 'initrd', 'dtb', 'acpi', 'varstore']);

/** Firmware where hosts have it, and the file of its variables that libvirt makes for a machine of this name. */
function isLibvirtsOwn(part: Element, domain: Element): boolean {
  const path = contentOf(part);
  if (OS_FILES.has(part.name)) return false;
  if (part.name === 'loader') return path === '' || isIn(path, '/usr/share');
  if (part.name !== 'nvram') return true;
  // What is no file is named by an element in it, and what the template says the guest reads.
  const { template } = part.attributes;
  if (elementsOf(part).length > 0) return false;
  if (template !== undefined && !isIn(template, '/usr/share')) return false;
  const variables = `${textOf(domain, 'name') ?? ''}_VARS.`;
  return path === '' || basename(path).startsWith(variables);
}

/**
 * What a machine would have of its host by a definition of an earlier time, and has not now, in words.
 *
 * @param then as libvirt keeps it with a snapshot: with the program and the confinement of that time
 */
export function broughtBack(
  then: Element,
  now: Element,
  isImage: (file: string) => boolean,
): string[] {
  const isLibvirts = ({ name }: Element): boolean => name === 'emulator' || name === 'seclabel';
  const without = (element: Element): Element => ({
    ...element,
    children: elementsOf(element).flatMap((each) =>
      isLibvirts(each) ? [] : [each.name === 'devices' ? without(each) : each],
    ),
  });
  return reachesHost(without(then), { before: now, isImage });
}

/** What is kept or checked as a whole: each device, and all else below the root. A piece of one, elsewhere, means other things. */
function* partsOf(domain: Element): Generator<[Element, string]> {
  for (const child of elementsOf(domain))
    if (child.name !== 'devices') yield [child, `domain/${child.name}`];
    else for (const device of elementsOf(child)) yield [device, `domain/devices/${device.name}`];
}

function textOfPart(part: Element, path: string): string {
  return `${path} ${formatXml(part)}`;
}

function hadBy(root: Element | undefined): Had {
  if (!root) return { root, parts: new Set(), values: new Set(), disks: [] };
  const values = [...walk(root)].flatMap(([element, path]) => [
    `${path} ${contentOf(element)}`,
    ...Object.entries(element.attributes).map(([name, value]) => `${path}@${name} ${value}`),
  ]);
  const disks = all(root, 'devices/disk').flatMap((disk) =>
    filesOf(disk).map((file) => ({ file, use: useOf(disk) })),
  );
  const parts = [...partsOf(root)].map(([part, path]) => textOfPart(part, path));
  return { root, parts: new Set(parts), values: new Set(values), disks };
}

/** The root and `<devices>` themselves. A prefix of the root is harmless: what uses it is refused. */
function ofFrame(element: Element, had: Had): string[] {
  const path = element.name === 'domain' ? 'domain' : 'domain/devices';
  return Object.entries(element.attributes).flatMap(([name, value]) => {
    if (path === 'domain' && name.startsWith('xmlns:')) {
      const its = had.root?.attributes[name];
      return its === undefined || its === value ? [] : [foreign(element, name)];
    }
    return ofAttribute(element, path, name, value, had);
  });
}

function* ofPart(
  element: Element,
  path: string,
  had: Had,
  isImage: GuardOptions['isImage'],
): Generator<string> {
  const { name } = element;
  if (name.includes(':')) yield `what libvirt does not check (${name})`;
  else if (!isOrdinaryPart(path)) yield `${wordsFor(name)} (${name})`;
  else yield* ofOrdinary(element, path, had, isImage);
}

function* ofOrdinary(
  element: Element,
  path: string,
  had: Had,
  isImage: GuardOptions['isImage'],
): Generator<string> {
  for (const [key, value] of Object.entries(element.attributes))
    if (path !== 'domain/devices/disk/source' || key !== 'file')
      yield* ofAttribute(element, path, key, value, had);
  yield* ofText(element, path, had, isImage);
  if (path === 'domain/devices/disk') yield* ofDisk(element, had, isImage);
  if (path === 'domain/devices/graphics') yield* ofPorts(element);
  if (path === 'domain/devices/interface' && element.attributes['type'] === undefined)
    yield 'a network card of the type ?';
  const children = elementsOf(element);
  const isEmpty = children.length === 0 && Object.keys(element.attributes).length === 0;
  // With something in it it names files, formats, pools or hosts; without, it says that there is nothing.
  if (path.endsWith('/backingStore') && !isEmpty) yield 'a disk below its disk (backingStore)';
  else for (const child of children) yield* ofPart(child, `${path}/${child.name}`, had, isImage);
}

function wordsFor(name: string): string {
  return ELEMENTS[name] ?? 'what is not known to be harmless';
}

function foreign({ name }: Element, attribute: string): string {
  return `what libvirt does not check (${attribute} of ${name})`;
}

/** libvirt takes an element for its own by the namespace, and an attribute by its name without the prefix. */
function ofAttribute(
  element: Element,
  path: string,
  name: string,
  value: string,
  { values }: Had,
): string[] {
  if (name === 'xmlns' || name.includes(':')) return [foreign(element, name)];
  const slot = `${path}@${name}`;
  if (isKeptAlone(path) && values.has(`${slot} ${value}`)) return [];
  // A part of a file's name, below the folder of its kind.
  if (slot === 'domain/devices/channel/target@name' && value.includes('/'))
    return [ofHost(value, element)];
  if (!isOrdinaryAttribute(path, name)) return [`the ${name} ${value} (${element.name})`];
  if (slot === 'domain/devices/interface/source@bridge') return [`the host's bridge ${value}`];
  if (isOrdinaryValue(slot, value)) return value.startsWith('/') ? [ofHost(value, element)] : [];
  if (slot.startsWith('domain/devices/graphics') && !slot.endsWith('graphics@type'))
    return [ON_NETWORK];
  if (slot === 'domain/devices/tpm/backend@type') return ['a TPM of the host'];
  const noun = element.name === 'interface' ? 'network card' : element.name;
  const article = /^[aeiou]/.test(noun) ? 'an' : 'a';
  return [`${article} ${noun} ${name === 'type' ? 'of the type' : `with the ${name}`} ${value}`];
}

/** Where a value that it had may stay though what is around it changes: what it boots, and where its network cards are. */
function isKeptAlone(path: string): boolean {
  return path === 'domain' || /^domain\/(os|devices\/interface)\b/.test(path);
}

function ofHost(path: string, { name }: Element): string {
  return `the host's ${path} (${name})`;
}

/** A path in the text, which is an image that is only read, or was there before; and values where only some will do. */
function ofText(
  element: Element,
  path: string,
  { values }: Had,
  isImage: GuardOptions['isImage'],
): string[] {
  const text = contentOf(element);
  if (text === '' || (isKeptAlone(path) && values.has(`${path} ${text}`))) return [];
  if (path === 'domain/os/kernel' || path === 'domain/os/initrd')
    return isImage(text) ? [] : [ofHost(text, element)];
  // Any text in these is a file, also one without a slash.
  if (path === 'domain/os/loader' || path === 'domain/os/nvram') return [ofHost(text, element)];
  if (path === 'domain/devices/rng/backend')
    return FREE_PATHS.has(text) ? [] : [ofHost(text, element)];
  if (!isOrdinaryValue(path, text)) return [`${element.name} ${text}`];
  return text.startsWith('/') && !isFreeText(path) ? [ofHost(text, element)] : [];
}

/**
 * A disk's file: its own in the way in which it is its own, or an image that it only reads. Its own in another format is
 * somebody else's: what a guest writes to a raw disk may say, read as qcow2, that some file of the host is below it.
 */
function ofDisk(disk: Element, { disks }: Had, isImage: GuardOptions['isImage']): string[] {
  const { written, format } = useOf(disk);
  return filesOf(disk).flatMap((file) => {
    if (!written && isImage(file)) return [];
    const its = disks.filter((each) => each.file === file && (each.use.written || !written));
    const source = { ...disk, name: 'source' };
    if (its.length === 0) return [ofHost(file, source)];
    const isSame = its.some(({ use }) => use.format === format);
    return isSame ? [] : [`${ofHost(file, source)} as ${format}, which it is not`];
  });
}

function filesOf(disk: Element): string[] {
  return all(disk, 'source').flatMap(({ attributes: { file } }) => (file ? [file] : []));
}

function useOf(disk: Element): DiskUse {
  const formats = all(disk, 'driver').map(({ attributes }) => attributes['type'] ?? 'raw');
  return {
    written: isWritten(disk),
    format: [...new Set(formats)].join(' ') || 'raw',
  };
}

/** Whether the machine may write to a `<disk>`. */
export function isWritten(disk: Element): boolean {
  return first(disk, 'readonly') === undefined && disk.attributes['device'] !== 'cdrom';
}

/** A port that somebody chooses may be another program's. */
function ofPorts({ attributes: { autoport, port, tlsPort } }: Element): string[] {
  const isChosen = [port, tlsPort].some((each) => each !== undefined && each !== '-1');
  return isChosen && autoport !== 'yes' ? ['a screen at a port of its own choice'] : [];
}
