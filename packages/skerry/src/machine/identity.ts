import { hashOf } from './metadata.ts';
import { NESTING_PROBE } from './nested.ts';

/** What makes a booted copy of an image one machine of one lab. */
export interface Identity {
  readonly hostname: string;
  readonly aliases: readonly string[];
  readonly domain: string;
  readonly address: string;
  readonly gateway: string;
  /** 32 hex digits, machine-id(5). */
  readonly machineId: string;
  /** Private host key in OpenSSH's format: made on the host, so that its public half is known before the first ssh. */
  readonly hostKey: string;
  readonly hostPublicKey: string;
  /** Who may log in as root: the lab's public key. */
  readonly authorizedKey: string;
  readonly nested: boolean;
}

/** Names an identity in the domain's metadata; says nothing of the keys. */
export function identityHash(identity: Identity): string {
  const { hostKey: _, ...known } = identity;
  return hashOf(known);
}

/**
 * The shell script that gives a guest its identity; run as root, safe to run again. It ends when the guest has its
 * address, so that others can reach it by name.
 */
export function identityScript(identity: Identity, seed: Buffer): string {
  const { hostname, aliases, domain, address, gateway, machineId } = identity;
  const names = [`${hostname}.${domain}`, hostname, ...aliases].join(' ');
  return `set -eu
umask 022
base64 -d >/dev/urandom <<'.'
${seed.toString('base64')}
.
echo ${hostname} >/etc/hostname
hostname ${hostname}
cat >/etc/hosts <<'.'
127.0.0.1 localhost
::1 localhost ip6-localhost ip6-loopback
${address} ${names}
.
rm -f /etc/resolv.conf
cat >/etc/resolv.conf <<'.'
nameserver ${gateway}
search ${domain}
options timeout:2 attempts:2
.
echo ${machineId} >/etc/machine-id
mkdir -p -m 700 /root/.ssh
cat >/root/.ssh/authorized_keys <<'.'
${identity.authorizedKey.trim()}
.
rm -f /etc/ssh/ssh_host_*
(umask 077; cat >/etc/ssh/ssh_host_ed25519_key) <<'.'
${identity.hostKey.trim()}
.
cat >/etc/ssh/ssh_host_ed25519_key.pub <<'.'
${identity.hostPublicKey.trim()}
.
${identity.nested ? 'modprobe -q kvm_amd nested=1 || modprobe -q kvm_intel nested=1 || true' : ':'}
try=0
until ip -4 -o addr show scope global | grep -qF ' ${address}/'; do
  try=$((try + 1))
  [ $try -lt 300 ] || { echo 'no DHCP lease for ${address}' >&2; ip -br addr >&2; exit 9; }
  sleep 0.1
done
${identity.nested ? NESTING_PROBE : ''}
`;
}
