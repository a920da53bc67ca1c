import { INSIDE } from '../util/paths.ts';

/** Addresses and names that are the same in every sandbox. */
export const SANDBOX = {
  /** Where the host's resolver answers inside (pasta --dns-forward); link-local, so it clashes with no route. */
  dns: '169.254.53.53',
  /** Where slirp4netns answers for it (slirp4netns(1)). */
  slirpDns: '10.0.2.3',
  /** QEMU's user and group in a sandbox made by root; an ordinary user's sandbox needs none. */
  qemuUid: 64055,
} as const;

/** Who the files of machines must belong to, when not to the caller. */
export function qemuOwner(): number | undefined {
  return process.getuid?.() === 0 ? SANDBOX.qemuUid : undefined;
}

/**
 * libvirtd.conf of a sandbox: one socket, for whoever may open the state folder. At `address`, if there is one, any
 * other hypervisor is served: nobody else reaches it (share/hypervisor-links.sh).
 */
export function libvirtdConf(hostUuid: string, address?: string): string {
  return `# Written by skerry at every start of the sandbox.
unix_sock_dir = "${INSIDE.lab}/libvirt/run"
unix_sock_rw_perms = "0600"
unix_sock_ro_perms = "0600"
auth_unix_rw = "none"
auth_unix_ro = "none"
host_uuid = "${hostUuid}"
log_outputs = "2:file:${INSIDE.lab}/log/libvirtd.log"
log_filters = "4:util.netlink"
max_clients = 200
max_client_requests = 20
max_workers = 40
prio_workers = 10
${address === undefined ? '' : listenConf(address)}`;
}

function listenConf(address: string): string {
  return `listen_tls = 0
listen_tcp = 1
listen_addr = "${address}"
auth_tcp = "none"
`;
}

/** qemu.conf of a sandbox: the sandbox confines QEMU, so libvirt's own confinement and helpers are off.
 * Where disks come from libvirt's pools, as on a hypervisor (one with an address), it has to give them to QEMU. */
export function qemuConf(asRoot: boolean, address?: string): string {
  const id = asRoot ? `"+${SANDBOX.qemuUid}"` : '"root"';
  return `# Written by skerry at every start of the sandbox.
user = ${id}
group = ${id}
dynamic_ownership = ${address === undefined ? 0 : 1}
remember_owner = 0
cgroup_controllers = [ ]
namespaces = [ ]
security_driver = "none"
stdio_handler = "file"
max_core = 0
${address === undefined ? '' : migrationConf(address)}`;
}

/** libvirt 9.0 passes over `shared_filesystems`, and wants migrations to be `unsafe` where the disks are shared so. */
function migrationConf(address: string): string {
  return `migration_address = "${address}"
migration_host = "${address}"
shared_filesystems = [ "${INSIDE.images}" ]
`;
}
