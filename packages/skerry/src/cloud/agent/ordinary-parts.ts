// The parts of a `<domain>` that say nothing of the host, and what they may say. A list of what is harmless, not of what is
// not: what libvirt learns tomorrow needs a permission until somebody has thought about it. Pure.

/** Below these anything is the guest's own affair. */
const ALL_BELOW = ['domain/cpu/', 'domain/features/', 'domain/clock/'];
/** What every device may have. */
const OF_DEVICES = 'address alias boot acpi';

const PARTS: Readonly<Record<string, string>> = {
  domain:
    'name uuid genid title description memory currentMemory maxMemory vcpu vcpus iothreads iothreadids os features cpu clock on_poweroff on_reboot on_crash pm sysinfo',
  'domain/vcpus': 'vcpu',
  'domain/iothreadids': 'iothread',
  'domain/pm': 'suspend-to-disk suspend-to-mem',
  'domain/os': 'type boot bootmenu bios smbios firmware loader nvram kernel initrd cmdline',
  'domain/os/firmware': 'feature',
  'domain/sysinfo': 'bios system baseBoard chassis oemStrings',
  'domain/sysinfo/bios': 'entry',
  'domain/sysinfo/system': 'entry',
  'domain/sysinfo/baseBoard': 'entry',
  'domain/sysinfo/chassis': 'entry',
  'domain/sysinfo/oemStrings': 'entry',
  'domain/devices':
    'disk controller interface serial parallel console channel redirdev input hub graphics video sound audio watchdog memballoon rng tpm panic iommu',
  'domain/devices/disk':
    'driver source target readonly backingStore serial wwn vendor product iotune blockio geometry',
  'domain/devices/controller': 'driver model target master pcihole64',
  'domain/devices/controller/target': 'node',
  'domain/devices/interface': 'mac source model driver filterref bandwidth link mtu port',
  'domain/devices/interface/driver': 'host guest',
  'domain/devices/interface/filterref': 'parameter',
  'domain/devices/interface/bandwidth': 'inbound outbound',
  'domain/devices/serial': 'target',
  'domain/devices/serial/target': 'model',
  'domain/devices/parallel': 'target',
  'domain/devices/console': 'target',
  'domain/devices/channel': 'source target',
  'domain/devices/input': 'driver',
  'domain/devices/graphics':
    'listen channel image jpeg zlib playback streaming clipboard mouse filetransfer audio',
  'domain/devices/video': 'model driver',
  'domain/devices/video/model': 'resolution',
  'domain/devices/sound': 'codec audio',
  'domain/devices/memballoon': 'stats driver',
  'domain/devices/rng': 'rate backend driver',
  'domain/devices/tpm': 'backend',
  'domain/devices/tpm/backend': 'active_pcr_banks',
  'domain/devices/tpm/backend/active_pcr_banks': 'sha1 sha256 sha384 sha512',
  'domain/devices/iommu': 'driver',
};

/** Where some attributes reach the host, those that do not. */
const ATTRIBUTES: Readonly<Record<string, string>> = {
  domain: 'type id',
  'domain/os/nvram': '',
  'domain/devices': '',
  'domain/devices/disk': 'type device model snapshot',
  'domain/devices/disk/source': 'file index startupPolicy',
  'domain/devices/interface': 'type',
  'domain/devices/interface/source': 'network bridge',
  'domain/devices/serial': 'type',
  'domain/devices/parallel': 'type',
  'domain/devices/console': 'type',
  'domain/devices/channel': 'type',
  'domain/devices/channel/source': 'mode',
  'domain/devices/channel/target': 'type name state',
  'domain/devices/redirdev': 'bus type',
  'domain/devices/graphics':
    'type autoport port tlsPort listen keymap passwd passwdValidTo connected sharePolicy defaultMode',
  'domain/devices/graphics/listen': 'type address',
  'domain/devices/video/driver': 'ats iommu packed page_per_vq',
  'domain/devices/audio': 'id type',
  'domain/devices/tpm/backend': 'type version persistent_state',
};

const CHARACTER_TYPES = 'pty spicevmc null';
const LOOPBACK_ADDRESSES = '127.0.0.1 ::1 localhost';

/** Where some values reach the host, those that do not: of an attribute, or of the text. */
const VALUES: Readonly<Record<string, string>> = {
  'domain@type': 'kvm qemu test',
  'domain/on_poweroff': 'destroy restart preserve rename-restart',
  'domain/on_reboot': 'destroy restart preserve rename-restart',
  // Not a core dump, which fills the host's disk.
  'domain/on_crash': 'destroy restart preserve rename-restart',
  'domain/devices/watchdog@action': 'reset shutdown poweroff pause none inject-nmi',
  'domain/os/loader@readonly': 'yes',
  'domain/os/smbios@mode': 'emulate sysinfo',
  'domain/sysinfo@type': 'smbios',
  'domain/devices/disk@type': 'file',
  'domain/devices/disk@device': 'disk cdrom floppy',
  // Not `user`, by which a guest reaches the host's loopback, and not any bridge of the host.
  'domain/devices/interface@type': 'network',
  'domain/devices/serial@type': CHARACTER_TYPES,
  'domain/devices/parallel@type': CHARACTER_TYPES,
  'domain/devices/console@type': CHARACTER_TYPES,
  'domain/devices/channel@type': `unix ${CHARACTER_TYPES}`,
  // Devices of whoever looks at the screen.
  'domain/devices/redirdev@type': 'spicevmc',
  'domain/devices/channel/source@mode': 'bind',
  'domain/devices/channel/target@type': 'virtio',
  'domain/devices/input@type': 'tablet mouse keyboard',
  'domain/devices/graphics@type': 'vnc spice',
  'domain/devices/graphics@listen': LOOPBACK_ADDRESSES,
  'domain/devices/graphics/listen@type': 'address none',
  'domain/devices/graphics/listen@address': LOOPBACK_ADDRESSES,
  'domain/devices/audio@type': 'none spice',
  'domain/devices/rng/backend@model': 'random builtin',
  'domain/devices/tpm/backend@type': 'emulator',
};

/** Elements whose text is people's or the guest's, and no path of the host. */
const FREE_TEXT = new Set([
  'domain/name',
  'domain/title',
  'domain/description',
  'domain/os/cmdline',
  'domain/devices/disk/serial',
  'domain/devices/disk/vendor',
  'domain/devices/disk/product',
]);

/** Whether an element with this path is harmless, as far as its name says. */
export function isOrdinaryPart(path: string): boolean {
  if (ALL_BELOW.some((start) => path.startsWith(start))) return true;
  const at = path.lastIndexOf('/');
  const parent = path.slice(0, at);
  const name = path.slice(at + 1);
  if (isOneOf(name, PARTS[parent])) return true;
  const isOfDevice = parent.split('/').length === 3 && parent.startsWith('domain/devices/');
  if (isOfDevice) return isOneOf(name, OF_DEVICES);
  // A driver's tuning, an address's parts and the like: numbers all the way down.
  return /^domain\/devices\/(disk\/(driver|iotune)|\w+\/address)\//.test(path);
}

/** Whether an attribute of the element with this path is harmless, as far as its name says. */
export function isOrdinaryAttribute(path: string, name: string): boolean {
  return !(path in ATTRIBUTES) || isOneOf(name, ATTRIBUTES[path]);
}

/** Whether a value is harmless where only some are; `slot` is `path@attribute`, or the path for the text. */
export function isOrdinaryValue(slot: string, value: string): boolean {
  return !(slot in VALUES) || isOneOf(value, VALUES[slot]);
}

/** Whether the text at a path is free. */
export function isFreeText(path: string): boolean {
  return FREE_TEXT.has(path) || /^domain\/sysinfo\/\w+\/entry$/.test(path);
}

function isOneOf(word: string, words = ''): boolean {
  return words.split(' ').includes(word);
}
