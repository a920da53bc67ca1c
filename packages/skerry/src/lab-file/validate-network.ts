import type { CheckedLab, CheckedMachine } from './checked.ts';
import { formatPath, type FieldPath, type Finding } from './finding.ts';
import { domainProblem } from './host-name.ts';
import {
  capacityOf,
  contains,
  formatCidr,
  formatIpv4,
  gatewayOf,
  parseCidr,
  parseIpv4,
  type Cidr,
} from './ipv4.ts';
import { deriveCidr } from './resolve.ts';

const SMALLEST = 30;
const LARGEST = 16;
const EXAMPLE = '10.77.3.0/24';

/** Checks the network, and that every address that is set by hand is a machine's own place in it. */
export function checkNetwork(lab: CheckedLab, machines: readonly CheckedMachine[]): Finding[] {
  const { cidr: text, domain } = lab.network ?? {};
  const findings: Finding[] = [];
  if (domain !== undefined) findings.push(...badDomain(domain, lab.name));
  const problem = text === undefined ? undefined : cidrProblem(text);
  if (text !== undefined && problem !== undefined) {
    const path = ['network', 'cidr'];
    const data = { field: formatPath(path), cidr: text, ...problem };
    findings.push({ code: 'LAB_CIDR', path, part: 'value', data });
  }
  const cidr = text === undefined ? deriveCidr(lab.name ?? '') : parseCidr(text);
  const isCidrKnown = problem === undefined && (text !== undefined || lab.name !== undefined);
  if (isCidrKnown && cidr !== undefined) findings.push(...tooSmall(cidr, machines.length));
  return [...findings, ...checkAddresses(isCidrKnown ? cidr : undefined, machines)];
}

function badDomain(domain: string, lab: string | undefined): Finding[] {
  const reason = domainProblem(domain);
  if (reason === undefined) return [];
  const path = ['network', 'domain'];
  const data = { field: formatPath(path), domain, reason, example: `${lab ?? 'demo'}.test` };
  return [{ code: 'LAB_DOMAIN', path, part: 'value', data }];
}

function cidrProblem(text: string): { reason: string; example: string } | undefined {
  const cidr = parseCidr(text);
  if (cidr === undefined) return { reason: 'is no IPv4 network', example: EXAMPLE };
  if (cidr.prefix < LARGEST || cidr.prefix > SMALLEST) {
    const prefix = cidr.prefix < LARGEST ? LARGEST : 24;
    const reason = `is not between /${LARGEST} and /${SMALLEST}`;
    return { reason, example: `${text.split('/')[0]}/${prefix}` };
  }
  const exact = formatCidr(cidr);
  if (exact !== text) return { reason: 'has bits behind its prefix', example: exact };
  const first = cidr.base >>> 24;
  if (first === 0 || first === 127 || first >= 224 || text.startsWith('169.254.')) {
    return { reason: 'is kept for other uses of IPv4', example: EXAMPLE };
  }
  return undefined;
}

function tooSmall(cidr: Cidr, machines: number): Finding[] {
  const room = capacityOf(cidr);
  if (machines <= room) return [];
  const prefix = 32 - Math.ceil(Math.log2(machines + 3));
  const size = 2 ** (32 - prefix);
  const example = formatCidr({ base: cidr.base - (cidr.base % size), prefix, size });
  const data = { cidr: formatCidr(cidr), room, machines, example };
  return [{ code: 'LAB_CIDR_SMALL', path: ['network', 'cidr'], part: 'value', data }];
}

function checkAddresses(cidr: Cidr | undefined, machines: readonly CheckedMachine[]): Finding[] {
  const owners = new Map<string, string>();
  const findings: Finding[] = [];
  for (const { name, path: machine, config } of machines) {
    const { address } = config;
    if (address === undefined) continue;
    const path = [...machine, 'address'];
    const reason = addressProblem(address, cidr);
    if (reason !== undefined) {
      findings.push({
        code: 'LAB_ADDRESS',
        path,
        part: 'value',
        data: addressData(path, address, reason, cidr),
      });
    }
    const other = owners.get(address);
    if (other !== undefined) {
      const data = { machine: name, address, other };
      findings.push({ code: 'LAB_ADDRESS_TWICE', path, part: 'value', data });
    } else owners.set(address, name);
  }
  return findings;
}

function addressProblem(address: string, cidr: Cidr | undefined): string | undefined {
  const ip = parseIpv4(address);
  if (ip === undefined) return 'is no IPv4 address';
  if (cidr === undefined) return undefined;
  if (!contains(cidr, ip)) return `is outside the lab's network ${formatCidr(cidr)}`;
  if (ip === cidr.base) return 'is the address of the network itself';
  if (ip === gatewayOf(cidr)) return "is the lab's gateway";
  if (ip === cidr.base + cidr.size - 1) return "is the network's broadcast address";
  return undefined;
}

function addressData(
  path: FieldPath,
  address: string,
  reason: string,
  cidr: Cidr | undefined,
): Record<string, string> {
  const range = cidr && `${formatIpv4(cidr.base + 2)} to ${formatIpv4(cidr.base + cidr.size - 2)}`;
  const advice = range === undefined ? 'for example: 10.77.3.20' : `take one from ${range}`;
  return { field: formatPath(path), address, reason, advice };
}
