// A machine's XML as state. Pure.
import {
  all,
  attribute,
  contentOf,
  type Element,
  elementsOf,
  first,
  textOf,
} from '../xml/element.ts';
import { escapeXml } from '../../util/escape-xml.ts';
import { tag, type VmState } from '../entity.ts';

/** Our own element in a domain's metadata: it goes with the machine wherever it goes. */
export const METADATA = {
  uri: 'https://skerry.dev/ns/vm/1',
  key: 'skerry',
} as const;

/** What the definition alone says. */
export type VmDefinition = Omit<
  VmState,
  | 'kind'
  | 'id'
  | 'hypervisor'
  | 'state'
  | 'reason'
  | 'persistent'
  | 'autostart'
  | 'snapshots'
  | 'task'
  | 'lastChange'
  | 'runningSince'
>;

/** What a `<domain>` says of a machine; `domain` is its outermost element. */
export function vmFromXml(domain: Element): VmDefinition {
  const maxMemoryMiB = toMiB(first(domain, 'memory'));
  const vcpu = first(domain, 'vcpu');
  const maxVcpus = Number(textOf(domain, 'vcpu') ?? 1);
  const ours = oursOf(domain);
  return {
    uuid: textOf(domain, 'uuid') ?? '',
    name: textOf(domain, 'name') ?? '',
    managed: ours?.attributes['managed'] !== 'no' && ours !== undefined,
    memoryMiB: toMiB(first(domain, 'currentMemory')) || maxMemoryMiB,
    maxMemoryMiB,
    vcpus: Number(vcpu?.attributes['current'] ?? maxVcpus),
    maxVcpus,
    title: textOf(domain, 'title') ?? '',
    description: textOf(domain, 'description') ?? '',
    tags: (ours?.attributes['tags'] ?? '').split(' ').filter((each) => tag.safeParse(each).success),
    cpu: cpuOf(domain),
    machine: attribute(domain, 'os/type', 'machine'),
    disks: all(domain, 'devices/disk').map(diskOf),
    nics: all(domain, 'devices/interface').map(nicOf),
    hostDevices: hostDevicesOf(domain),
    graphics: all(domain, 'devices/graphics').map(({ attributes }) => attributes['type'] ?? ''),
    hasConsole:
      first(domain, 'devices/console') !== undefined ||
      first(domain, 'devices/serial') !== undefined,
  };
}

/** Our element as `virDomainSetMetadata` takes it. @param autostart see {@link bringsAutostart} */
export function metadataXml(
  { managed, tags }: Pick<VmState, 'managed' | 'tags'>,
  autostart = false,
): string {
  const brings = autostart ? ' autostart="yes"' : '';
  return `<vm managed="${managed ? 'yes' : 'no'}" tags="${escapeXml(tags.join(' '))}"${brings}/>`;
}

/**
 * Whether a machine that has come is to start with its new host. That is not in its definition, and libvirt takes it along
 * neither when it migrates nor when it is defined again elsewhere: so it is said in our element while it is on its way.
 */
export function bringsAutostart(domain: Element): boolean {
  return oursOf(domain)?.attributes['autostart'] === 'yes';
}

/** Takes that back, of a definition that somebody gives. */
export function forgetAutostart(domain: Element): void {
  delete oursOf(domain)?.attributes['autostart'];
}

/** Says it in a definition. */
export function takeAutostartAlong(domain: Element): void {
  madeOurs(domain).attributes['autostart'] = 'yes';
}

/** A machine that is made through Skerry is looked after by it, whatever its definition says. */
export function manage(domain: Element): void {
  madeOurs(domain).attributes['managed'] = 'yes';
}

/** Our element, which is made where it is not there. */
function madeOurs(domain: Element): Element {
  const known = oursOf(domain);
  if (known) return known;
  const ours = {
    name: `${METADATA.key}:vm`,
    attributes: { [`xmlns:${METADATA.key}`]: METADATA.uri, managed: 'no' },
    children: [],
  };
  const metadata = first(domain, 'metadata');
  if (metadata) metadata.children.push(ours);
  else domain.children.push({ name: 'metadata', attributes: {}, children: [ours] });
  return ours;
}

function oursOf(domain: Element): Element | undefined {
  return all(domain, 'metadata')
    .flatMap(elementsOf)
    .find((each) => each.name.endsWith(':vm') && isOurs(each));
}

function isOurs({ name, attributes }: Element): boolean {
  const prefix = name.slice(0, name.indexOf(':'));
  return attributes[`xmlns:${prefix}`] === METADATA.uri;
}

function cpuOf(domain: Element): string | null {
  const cpu = first(domain, 'cpu');
  if (!cpu) return null;
  const model = textOf(cpu, 'model');
  return [cpu.attributes['mode'], model].filter(Boolean).join(' ') || null;
}

function diskOf(disk: Element): VmState['disks'][number] {
  const source = first(disk, 'source')?.attributes ?? {};
  const volume = source['pool'] && source['volume'] && `${source['pool']}/${source['volume']}`;
  const device = disk.attributes['device'] ?? 'disk';
  return {
    target: attribute(disk, 'target', 'dev') ?? '',
    device: device === 'cdrom' || device === 'floppy' || device === 'lun' ? device : 'disk',
    source: source['file'] ?? source['dev'] ?? source['dir'] ?? (volume || source['name']) ?? null,
    format: attribute(disk, 'driver', 'type'),
    bus: attribute(disk, 'target', 'bus'),
    readonly: first(disk, 'readonly') !== undefined,
    cache: attribute(disk, 'driver', 'cache'),
  };
}

function nicOf(nic: Element): VmState['nics'][number] {
  const source = first(nic, 'source')?.attributes ?? {};
  return {
    mac: attribute(nic, 'mac', 'address') ?? '',
    type: nic.attributes['type'] ?? '',
    source: source['network'] ?? source['bridge'] ?? source['dev'] ?? null,
    model: attribute(nic, 'model', 'type'),
    addresses: [],
  };
}

function hostDevicesOf(domain: Element): string[] {
  const devices = all(domain, 'devices/hostdev').map(
    ({ attributes }) => `${attributes['type'] ?? attributes['mode'] ?? 'host'} device`,
  );
  const folders = all(domain, 'devices/filesystem').map((each) =>
    `folder ${attribute(each, 'source', 'dir') ?? ''}`.trim(),
  );
  return [...devices, ...folders];
}

const KIB: Record<string, number> = {
  b: 1 / 1024,
  bytes: 1 / 1024,
  KB: 1000 / 1024,
  k: 1,
  KiB: 1,
  MB: 1e6 / 1024,
  M: 1024,
  MiB: 1024,
  GB: 1e9 / 1024,
  G: 1024 ** 2,
  GiB: 1024 ** 2,
  T: 1024 ** 3,
  TiB: 1024 ** 3,
};

function toMiB(size: Element | undefined): number {
  if (!size) return 0;
  const value = Number(contentOf(size));
  return Math.round((value * (KIB[size.attributes['unit'] ?? 'KiB'] ?? 1)) / 1024);
}
