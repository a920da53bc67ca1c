/** An IPv4 network; addresses are plain numbers. */
export interface Cidr {
  readonly base: number;
  readonly prefix: number;
  readonly size: number;
}

/** @example parseIpv4('10.0.0.1') // 167772161 */
export function parseIpv4(text: string): number | undefined {
  const parts = text.split('.');
  if (
    parts.length !== 4 ||
    !parts.every((p) => /^(?:0|[1-9]\d{0,2})$/.test(p) && Number(p) < 256)
  ) {
    return undefined;
  }
  return parts.reduce((sum, part) => sum * 256 + Number(part), 0);
}

export function formatIpv4(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
}

/** The network of `10.77.3.0/24`, also when the address has host bits (see `isExact`). */
export function parseCidr(text: string): Cidr | undefined {
  const [, address = '', bits = ''] = /^([\d.]+)\/(\d{1,2})$/.exec(text) ?? [];
  const ip = parseIpv4(address);
  const prefix = Number(bits);
  if (ip === undefined || prefix > 32) return undefined;
  const size = 2 ** (32 - prefix);
  return { base: ip - (ip % size), prefix, size };
}

export function formatCidr({ base, prefix }: Cidr): string {
  return `${formatIpv4(base)}/${prefix}`;
}

export function contains(cidr: Cidr, address: number): boolean {
  return address >= cidr.base && address < cidr.base + cidr.size;
}

/** The first host of the network: gateway, DHCP and DNS. */
export function gatewayOf(cidr: Cidr): number {
  return cidr.base + 1;
}

/** How many machines fit: all but network, gateway and broadcast. */
export function capacityOf(cidr: Cidr): number {
  return Math.max(0, cidr.size - 3);
}
