// What a new machine is told of itself through its firmware (SMBIOS): its name, and who may log in. systemd from 252 on takes
// that as credentials (https://systemd.io/CREDENTIALS), cloud-init as its NoCloud data source. So it needs no drive, and goes
// with the definition wherever that goes. Pure.
import { escapeXml } from '../../util/escape-xml.ts';
import { all, attribute, contentOf, type Element } from '../xml/element.ts';

const NAME = 'io.systemd.credential:system.hostname=';
const KEYS = 'io.systemd.credential.binary:ssh.authorized_keys.root=';
const NO_CLOUD = 'ds=nocloud;';

export interface GuestIdentity {
  readonly name: string;
  readonly uuid: string;
  /** Public keys, one a line. */
  readonly sshKeys?: string | undefined;
}

/** The `<sysinfo>` of a new machine. Its `<os>` must say `<smbios mode='sysinfo'/>`. */
export function identityXml({ name, uuid, sshKeys }: GuestIdentity): string {
  const keys = !sshKeys ? [] : [KEYS + Buffer.from(sshKeys).toString('base64')];
  const entries = [...(isHostName(name) ? [NAME + name] : []), ...keys];
  const strings = entries.map((entry) => `<entry>${escapeXml(entry)}</entry>`).join('');
  return `<sysinfo type='smbios'>
    <system><entry name='serial'>${escapeXml(serialOf(name, uuid))}</entry></system>
    ${strings && `<oemStrings>${strings}</oemStrings>`}
  </sysinfo>`;
}

/** Gives a copy a name of its own; what says nothing of it stays as it is. */
export function renameInIdentity(domain: Element, { name, uuid }: GuestIdentity): void {
  for (const entry of all(domain, 'sysinfo/system/entry'))
    if (attribute(domain, 'sysinfo', 'type') === 'smbios' && contentOf(entry).startsWith(NO_CLOUD))
      setTextOf(entry, serialOf(name, uuid));
  for (const strings of all(domain, 'sysinfo/oemStrings')) {
    const at = strings.children.findIndex(
      (entry) => typeof entry !== 'string' && contentOf(entry).startsWith(NAME),
    );
    const entry = strings.children[at];
    if (entry === undefined || typeof entry === 'string') continue;
    if (isHostName(name)) setTextOf(entry, NAME + name);
    else strings.children.splice(at, 1);
  }
}

/** By another instance cloud-init sees that it is in a copy. */
function serialOf(name: string, uuid: string): string {
  return `${NO_CLOUD}i=${uuid}${isHostName(name) ? `;h=${name}` : ''}`;
}

/** A machine may have a name that no host can have. */
function isHostName(name: string): boolean {
  return /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i.test(name);
}

function setTextOf(element: Element, text: string): void {
  element.children.splice(0, Infinity, text);
}
