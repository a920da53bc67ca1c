import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where Skerry keeps what must outlive a command: labs' state. XDG Base Directory Specification 0.8. */
export function stateDir(): string {
  return process.env.SKERRY_STATE_DIR ?? join(xdg('XDG_STATE_HOME', '.local/state'), 'skerry');
}

/** Where images are: shared by all labs of the user. */
export function dataDir(): string {
  return process.env.SKERRY_DATA_DIR ?? join(xdg('XDG_DATA_HOME', '.local/share'), 'skerry');
}

/** What may be thrown away at any time. */
export function cacheDir(): string {
  return process.env.SKERRY_CACHE_DIR ?? join(xdg('XDG_CACHE_HOME', '.cache'), 'skerry');
}

function xdg(variable: string, fallback: string): string {
  const value = process.env[variable];
  return value?.startsWith('/') ? value : join(homedir(), fallback);
}

/** Every file of one lab's state folder; docs/internals.md explains each. */
export interface LabPaths {
  readonly id: string;
  /** The id of the lab this is a fork of, or its own: identities are derived from it, so that a fork has the same. */
  readonly originId: string;
  readonly dir: string;
  readonly record: string;
  readonly applyLock: string;
  readonly sandboxLock: string;
  readonly sandboxPid: string;
  readonly gatewaySocket: string;
  readonly syncSocket: string;
  readonly syncLock: string;
  readonly libvirtSocket: string;
  readonly libvirtDir: string;
  readonly logDir: string;
  readonly sshDir: string;
  readonly machinesDir: string;
  readonly snapshotsDir: string;
}

/** What tells one lab of a user from another. */
export interface LabName {
  readonly name: string;
  /** The folder of the lab file: two checkouts of one lab are two labs. */
  readonly dir: string;
  /** Of a fork, its name. */
  readonly fork?: string | undefined;
  /** Where its state folder is, when not with the user's other labs. */
  readonly stateDir?: string | undefined;
}

/**
 * The state folder of a lab. The id ends in a hash of the lab file's folder, and of a fork in its name.
 *
 * @example labPaths({ name: 'archipelago', dir: '/srv/src' }).id // 'archipelago-6f1c02'
 */
export function labPaths({ name, dir, fork, stateDir: root }: LabName): LabPaths {
  const id = `${name}-${createHash('sha256').update(dir).digest('hex').slice(0, 6)}`;
  return labPathsById(fork === undefined ? id : `${id}@${fork}`, root);
}

/** The same by id, for commands that only know the state folder (`global-status`). */
export function labPathsById(id: string, root: string = stateDir()): LabPaths {
  return labPathsIn(join(root, 'labs', id), id);
}

/** The state folder of a cloud on this machine. */
export function cloudDir(name: string): string {
  return join(cloudsDir(), name);
}

/** Where those are. */
export function cloudsDir(): string {
  return join(stateDir(), 'clouds');
}

/** Where central or the agent of this host keeps its files: for root where services have theirs. */
export function hostDir(part: 'central' | 'agent'): string {
  const isService = process.getuid?.() === 0 && process.env.SKERRY_STATE_DIR === undefined;
  return join(isService ? '/var/lib/skerry' : stateDir(), part);
}

/** Where commands find a cloud of this machine, and their token, while it runs. */
export function cloudAccessFile(name: string): string {
  return join(cloudDir(name), 'access.json');
}

/** The host keys of clouds' machines that the user has seen. */
export function cloudKnownHostsFile(): string {
  return join(stateDir(), 'cloud-known-hosts');
}

/** The same in any folder, for what has the shape of a lab's state without being a lab. */
export function labPathsIn(dir: string, id: string): LabPaths {
  return {
    id,
    originId: id.replace(/@.*/, ''),
    dir,
    record: join(dir, 'lab.json'),
    applyLock: join(dir, 'apply.lock'),
    sandboxLock: join(dir, 'sandbox.lock'),
    sandboxPid: join(dir, 'sandbox.pid'),
    gatewaySocket: join(dir, 'gateway.sock'),
    syncSocket: join(dir, 'sync.sock'),
    syncLock: join(dir, 'sync.lock'),
    libvirtSocket: join(dir, 'libvirt', 'run', 'libvirt-sock'),
    libvirtDir: join(dir, 'libvirt'),
    logDir: join(dir, 'log'),
    sshDir: join(dir, 'ssh'),
    machinesDir: join(dir, 'machines'),
    snapshotsDir: join(dir, 'snapshots'),
  };
}

/** Where things appear inside every sandbox; the same for all labs, so forks fit. */
export const INSIDE = {
  /** The state folder. */
  lab: '/run/skerry/lab',
  /** The image store. */
  images: '/run/skerry/images',
  /** One socket for each machine, where QEMU has the host's end of the guest channel. */
  guests: '/run/skerry/guests',
} as const;
