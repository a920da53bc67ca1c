// What a new machine is told of itself through its firmware (SMBIOS): which one it is, its name, and who may log in. systemd
// from 252 on takes that as credentials (https://systemd.io/CREDENTIALS), cloud-init as its NoCloud data source. So it needs
// no drive, and goes with the definition wherever that goes. Pure.
import { escapeXml } from '../../util/escape-xml.ts';
import { all, contentOf, type Element } from '../xml/element.ts';

/** Of our images' unit; it is always there. */
const MACHINE = 'io.systemd.credential:skerry.machine=';
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
export function identityXml(identity: GuestIdentity): string {
  const { sshKeys } = identity;
  const keys = sshKeys ? [KEYS + Buffer.from(sshKeys).toString('base64')] : [];
  const strings = [...stringsOf(identity), ...keys];
  return `<sysinfo type='smbios'>
    <system><entry name='serial'>${escapeXml(serialOf(identity))}</entry></system>
    <oemStrings>${strings.map((each) => `<entry>${escapeXml(each)}</entry>`).join('')}</oemStrings>
  </sysinfo>`;
}

/** Tells a copy who it is; what was not said by us stays as it is. */
export function changeIdentity(domain: Element, identity: GuestIdentity): void {
  for (const entry of all(domain, 'sysinfo/system/entry'))
    if (contentOf(entry).startsWith(NO_CLOUD))
      entry.children.splice(0, Infinity, serialOf(identity));
  for (const { children } of all(domain, 'sysinfo/oemStrings')) {
    const isOurs = (child: Element | string): boolean =>
      typeof child !== 'string' &&
      [MACHINE, NAME].some((each) => contentOf(child).startsWith(each));
    const at = children.findIndex(isOurs);
    if (at < 0) continue;
    const others = children.filter((child) => !isOurs(child));
    const fresh = stringsOf(identity).map(entryOf);
    children.splice(0, Infinity, ...others.slice(0, at), ...fresh, ...others.slice(at));
  }
}

function stringsOf({ name, uuid }: GuestIdentity): string[] {
  const host = hostNameOf(name);
  return [MACHINE + uuid, ...(host === undefined ? [] : [NAME + host])];
}

/** By another instance cloud-init sees that it is in a copy. */
function serialOf({ name, uuid }: GuestIdentity): string {
  const host = hostNameOf(name);
  return `${NO_CLOUD}i=${uuid}${host === undefined ? '' : `;h=${host}`}`;
}

/**
 * A machine may have a name that no host can have.
 *
 * @example hostNameOf('web_1'); // 'web-1'
 */
export function hostNameOf(name: string): string | undefined {
  const host = name.replaceAll('_', '-');
  const isHost = /^(?=.{1,64}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i;
  return isHost.test(host) ? host : undefined;
}

function entryOf(text: string): Element {
  return { name: 'entry', attributes: {}, children: [text] };
}
