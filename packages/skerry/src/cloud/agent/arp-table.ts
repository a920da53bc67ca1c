// The host's own table of who is at which address (proc_pid_net(5), arp). libvirt reads it too, but that of Debian 12 fails
// with "wrong nlmsg len".
import { readFile } from 'node:fs/promises';

/** Its text: where the agent runs beside the hypervisor, that of the hypervisor. */
export type ReadArp = (signal: AbortSignal) => Promise<string>;

export function readArpHere(signal: AbortSignal): Promise<string> {
  return readFile('/proc/net/arp', { encoding: 'utf8', signal });
}

/** Addresses by MAC in small letters, of those that have answered (ATF_COM). */
export function parseArpTable(text: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const line of text.split('\n').slice(1)) {
    const [address, , flags, mac] = line.split(/\s+/);
    if (address === undefined || mac === undefined || !(Number(flags) & 2)) continue;
    const key = mac.toLowerCase();
    found.set(key, [...(found.get(key) ?? []), address]);
  }
  return found;
}
