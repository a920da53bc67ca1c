// The host's own tables of who is at which address, and of the ways to it (proc_pid_net(5)). libvirt reads the first too,
// but that of Debian 12 fails with "wrong nlmsg len". Pure, but for the reading.
import { readFile } from 'node:fs/promises';

/** The text of a table of the hypervisor: where the agent runs beside it, its own. */
export type ReadProcNet = (table: 'arp' | 'route', signal: AbortSignal) => Promise<string>;

export function readProcNetHere(table: 'arp' | 'route', signal: AbortSignal): Promise<string> {
  return readFile(`/proc/net/${table}`, { encoding: 'utf8', signal });
}

export interface ArpEntry {
  readonly address: string;
  /** In small letters. */
  readonly mac: string;
  readonly device: string;
}

/** Who has answered (ATF_COM). */
export function arpEntries(text: string): readonly ArpEntry[] {
  return text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [address, , flags, mac, , device] = line.trim().split(/\s+/);
      if (address === undefined || mac === undefined || device === undefined) return [];
      return Number(flags) & 2 ? [{ address, mac: mac.toLowerCase(), device }] : [];
    });
}

/**
 * The device by which an IPv4 address is reached without a router; undefined where there is none such.
 *
 * @example neighbourDevice('Iface ...\nvirbr0 0000620A 00000000 0001 0 0 0 00FFFFFF ...', '10.98.0.57') // 'virbr0'
 */
export function neighbourDevice(routes: string, address: string): string | undefined {
  const target = toNumber(address);
  const matching = routes
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [device, destination, gateway, flags, , , metric, mask] = line.trim().split(/\s+/);
      if (device === undefined || mask === undefined || !(Number(`0x${flags}`) & RTF_UP)) return [];
      const bits = fromHex(mask);
      if ((target & bits) >>> 0 !== fromHex(destination)) return [];
      return [{ device, isNear: fromHex(gateway) === 0, bits, metric: Number(metric) }];
    });
  const [best] = matching.toSorted((a, b) => b.bits - a.bits || a.metric - b.metric);
  return best?.isNear ? best.device : undefined;
}

const RTF_UP = 1;

/** These are numbers of the host's byte order. */
function fromHex(text = ''): number {
  return Buffer.from(text, 'hex').readUInt32LE();
}

function toNumber(address: string): number {
  return Buffer.from(address.split('.').map(Number)).readUInt32BE();
}
