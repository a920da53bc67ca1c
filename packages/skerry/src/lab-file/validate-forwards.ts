import { isIP } from 'node:net';
import { forwardsOf, type CheckedForward, type CheckedMachine } from './checked.ts';
import { formatPath, type Finding } from './finding.ts';

const ANY = new Set(['0.0.0.0', '::']);

/** Checks the host's side of forwards: ports in range, allowed to this user, and each taken once. */
export function checkForwards(
  machines: readonly CheckedMachine[],
  uid: number | undefined,
): Finding[] {
  const forwards = machines.flatMap(forwardsOf);
  return [...forwards.flatMap((forward) => checkForward(forward, uid)), ...twice(forwards)];
}

function checkForward(
  { host, address, path, part }: CheckedForward,
  uid: number | undefined,
): Finding[] {
  const findings: Finding[] = [];
  if (!(Number.isInteger(host) && host >= 1 && host <= 65_535)) {
    const data = {
      field: part === 'key' ? 'the host port' : formatPath(path),
      value: part === 'key' ? `'${String(path.at(-1))}'` : String(host),
      expected: 'a port from 1 to 65535',
      example: '8080',
    };
    return [{ code: 'LAB_VALUE', path, part, data }];
  }
  if (host < 1024 && uid !== undefined && uid !== 0) {
    const data = { port: host, example: 8000 + host };
    findings.push({ code: 'LAB_PORT_PRIVILEGED', path, part, data });
  }
  if (address !== undefined && isIP(address) === 0) {
    const at = [...path.slice(0, -1), 'address'];
    const advice = "for example: '127.0.0.1' (only this host) or '0.0.0.0' (the whole network)";
    const data = { field: formatPath(at), address, reason: 'is no IP address', advice };
    findings.push({ code: 'LAB_ADDRESS', path: at, part: 'value', data });
  }
  return findings;
}

function twice(forwards: readonly CheckedForward[]): Finding[] {
  return forwards.flatMap((forward, i) => {
    const other = forwards.slice(0, i).find((earlier) => overlaps(earlier, forward));
    if (other === undefined) return [];
    const { machine, host, path, part } = forward;
    const data = { machine, port: host, other: other.machine };
    return [{ code: 'LAB_PORT_TWICE' as const, path, part, data }];
  });
}

function overlaps(a: CheckedForward, b: CheckedForward): boolean {
  const [first, second] = [a.address ?? '127.0.0.1', b.address ?? '127.0.0.1'];
  return a.host === b.host && (first === second || ANY.has(first) || ANY.has(second));
}
