// What a machine says of itself: everything that two machines must not have in common.
import type { TestLab } from './lab.ts';

export interface Probe {
  readonly machineId: string;
  readonly hostname: string;
  readonly mac: string;
  readonly address: string;
  /** Of all public keys that sshd has. */
  readonly hostKeys: string;
  readonly bootId: string;
  readonly urandom: string;
  /** The kernel's own numbers, as programs get them that do not open /dev/urandom. */
  readonly getrandom: string;
}

const SCRIPT = `
echo "machineId $(cat /etc/machine-id)"
echo "hostname $(hostname)"
echo "mac $(cat /sys/class/net/eth0/address)"
echo "address $(ip -4 -br a show eth0 | grep -o '[0-9.]*/')"
echo "hostKeys $(cat /etc/ssh/*.pub | cut -d ' ' -f 2 | tr '\\n' ' ')"
echo "bootId $(cat /proc/sys/kernel/random/boot_id)"
echo "urandom $(head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \\n')"
echo "getrandom $(perl -e 'syscall 318, my $b = "\\0" x 32, 32, 0; print unpack "H*", $b')"
`;

export async function probe(lab: TestLab, machine: string): Promise<Probe> {
  const said = await lab.ok(['exec', '--on', machine, '--', 'sh', '-s'], { input: SCRIPT });
  const lines = said.trim().split('\n');
  const pairs = lines.map((line) => line.trim().split(/ (.*)/, 2));
  return Object.fromEntries(pairs) as Probe;
}
