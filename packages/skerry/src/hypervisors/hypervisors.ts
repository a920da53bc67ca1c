// Several hypervisors on this one machine, without root and without nesting: each is a sandbox, and all of them are in one
// more set of namespaces, where bridges join them. VMs migrate between them as between real hosts.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { chooseAccel } from '../sandbox/accel.ts';
import { stopSandbox } from '../sandbox/sandbox.ts';
import type { Uplink } from '../sandbox/uplink.ts';
import { SkerryError } from '../util/errors.ts';
import { lockFile } from '../util/file-lock.ts';
import { areCapabilitiesKept, DevHypervisor } from './dev-hypervisor.ts';
import { expose, type ExposeTarget } from './expose.ts';
import { hypervisorPaths, MAX_HYPERVISORS, nameOf, outerPaths } from './layout.ts';
import { enterOuter, type OuterOptions, outerPid, startOuter } from './outer.ts';

const LOCK_MS = 60_000;

export interface StartHypervisorsOptions {
  /** Their state folder: an absolute path, short, since unix sockets lie in it. */
  readonly dir: string;
  /** 1 to 16. */
  readonly count: number;
  /** How VMs run. Default: KVM where a probe has shown that it works. */
  readonly accel?: 'kvm' | 'tcg';
  /** They end when this process does, even by `kill -9`. Files stay. Default: they go on until `stop`. */
  readonly ephemeral?: boolean;
  /**
   * The way of their VMs to the internet, as for the machines of a lab (`chooseUplink` of the sandbox). Default: none. The
   * hypervisors themselves have none.
   */
  readonly uplink?: Uplink;
  readonly signal?: AbortSignal;
}

/** A running set of hypervisors. Disposing of it stops it. */
export interface Hypervisors extends AsyncDisposable {
  readonly list: readonly DevHypervisor[];
  /**
   * The one of that name.
   * @throws HYPERVISOR_UNKNOWN
   */
  readonly get: (name: string) => DevHypervisor;
  /**
   * Makes a service of the host reachable to the hypervisors, and to no VM, at `outside` (10.99.0.254): an agent that runs in one
   * (see {@link DevHypervisor.enter}) then depends on the hypervisor's network. For as long as this process lives.
   *
   * @example await using bus = await hypervisors.expose(5222, { host: '127.0.0.1', port: 15222 });
   */
  readonly expose: (port: number, target: ExposeTarget) => Promise<AsyncDisposable>;
  /** Ends all of them and every process in them; returns when none is left. Their files stay. */
  readonly stop: () => Promise<void>;
}

/**
 * Starts hypervisors in `dir`, or finds them running; those that have crashed start again, and so do more than before.
 * Each has a pool `default` (a folder that all share), and a network `default` (one for the VMs of all, with DHCP).
 *
 * @example
 * await using hypervisors = await startHypervisors({ dir: '/tmp/hv', count: 2, ephemeral: true });
 * const [hv1, hv2] = hypervisors.list;
 * await using libvirt = await connect(hv1.libvirtUri);
 * const domain = await libvirt.domain('web');
 * await domain.migrateTo(hv2.migrationUri, { live: true, persist: true, undefineSource: true, unsafe: true });
 */
export async function startHypervisors(options: StartHypervisorsOptions): Promise<Hypervisors> {
  const { dir, count, ephemeral = false, uplink = 'none', signal } = options;
  if (!Number.isInteger(count) || count < 1 || count > MAX_HYPERVISORS)
    throw new SkerryError('HYPERVISOR_COUNT', { data: { count, most: MAX_HYPERVISORS } });
  const accel = options.accel ?? (await chooseAccel(undefined, signal)).accel;
  const imagesDir = join(dir, 'images');
  await mkdir(imagesDir, { recursive: true });
  const paths = outerPaths(dir);
  await using lock = await lockFile(paths.applyLock, {
    ...{ holder: `the start of hypervisors (pid ${process.pid})`, timeoutMs: LOCK_MS, signal },
  });
  void lock;
  const found = await outerPid(paths);
  const enter = enterOuter(paths, found ?? (await startAnew({ paths, ephemeral, uplink, signal })));
  const list = Array.from(
    { length: count },
    (_, index) => new DevHypervisor({ dir, accel, imagesDir, enter }, index + 1),
  );
  try {
    await startAll(list, signal);
  } catch (error) {
    if (found === undefined) await stopHypervisors(dir);
    throw error;
  }
  return hypervisorsOf(dir, list, enter);
}

function hypervisorsOf(
  dir: string,
  list: readonly DevHypervisor[],
  enter: readonly string[],
): Hypervisors {
  const stop = (): Promise<void> => stopHypervisors(dir);
  return {
    list,
    get: (name) => byName(list, name),
    expose: (port, target) => expose({ enter, port, target }),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Ends the hypervisors of a state folder, whoever started them. Fine to call when none runs. */
export async function stopHypervisors(dir: string): Promise<void> {
  await stopSandbox(outerPaths(dir));
  // Who entered the namespaces from outside ends a moment later.
  const names = Array.from({ length: MAX_HYPERVISORS }, (_, index) => nameOf(index + 1));
  await Promise.all(names.map((name) => stopSandbox(hypervisorPaths(dir, name))));
}

async function startAnew(options: OuterOptions): Promise<number> {
  // What was killed a moment ago may still hold a lock.
  await stopHypervisors(options.paths.dir);
  return startOuter(options);
}

/** What libvirt learns of QEMU in seconds, the first has learnt for all. */
async function startAll(list: readonly DevHypervisor[], signal?: AbortSignal): Promise<void> {
  if (!areCapabilitiesKept()) await list[0]?.start(signal);
  await Promise.all(list.map((hypervisor) => hypervisor.start(signal)));
}

function byName(list: readonly DevHypervisor[], name: string): DevHypervisor {
  const found = list.find((hypervisor) => hypervisor.name === name);
  if (found) return found;
  const known = list.map((hypervisor) => hypervisor.name).join(', ');
  throw new SkerryError('HYPERVISOR_UNKNOWN', { data: { name, known } });
}
