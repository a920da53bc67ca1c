import type { Connection } from '@skerry/libvirt';
import { existsSync } from 'node:fs';
import type { Socket } from 'node:net';
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connectLab } from '../sandbox/connect.ts';
import { openTunnel } from '../sandbox/gateway.ts';
import { childrenOf, outermostPid } from '../sandbox/launch.ts';
import { isSandboxAlive, killSandbox, startSandbox } from '../sandbox/sandbox.ts';
import { SkerryError } from '../util/errors.ts';
import { cacheDir, INSIDE, type LabPaths } from '../util/paths.ts';
import { runOrThrow } from '../util/run.ts';
import {
  addressOf,
  firstDefinitions,
  hostsFile,
  hypervisorPaths,
  indexOf,
  nameOf,
  vmsAddressOf,
} from './layout.ts';
import { enterArgs } from './outer.ts';

/** What all hypervisors of a set have in common. */
export interface HypervisorSet {
  readonly dir: string;
  readonly accel: 'kvm' | 'tcg';
  /** The folder they share, outside. */
  readonly imagesDir: string;
  /** Words before a command that run it where their bridges are. */
  readonly enter: readonly string[];
}

/** Whether a new hypervisor need not probe QEMU. */
export function areCapabilitiesKept(): boolean {
  return existsSync(KEPT());
}

const KEPT = (): string => join(cacheDir(), 'libvirt', 'all-capabilities');

/** Who gives a signal says how long a command may take. */
const LONG_MS = 600_000;

/**
 * One hypervisor on this machine: a sandbox with a libvirtd, a host name and an address of its own. Its VMs live in it.
 */
export class DevHypervisor {
  /** `hv1`, `hv2`, and so on; its host name as well. */
  readonly name: string;
  /** Its address among the hypervisors; of no use outside. */
  readonly address: string;
  /** For `connect` of `@skerry/libvirt`, from outside. */
  readonly libvirtUri: string;
  /** For a migration to it: what `domain.migrateTo` takes on another hypervisor of the set. */
  readonly migrationUri: string;
  readonly #set: HypervisorSet;
  readonly #vmsAddress: string;
  readonly #paths: LabPaths;

  constructor(set: HypervisorSet, index: number) {
    this.name = nameOf(index);
    this.address = addressOf(index);
    this.#vmsAddress = vmsAddressOf(index);
    this.#set = set;
    this.#paths = hypervisorPaths(set.dir, this.name);
    this.libvirtUri = `qemu:///system?socket=${encodeURIComponent(this.#paths.libvirtSocket)}`;
    this.migrationUri = `qemu+tcp://${this.name}/system`;
  }

  /** The folder of the pool `default`, which all hypervisors share: its path for libvirt, and here. */
  get images(): { readonly inside: string; readonly outside: string } {
    return { inside: INSIDE.images, outside: this.#set.imagesDir };
  }

  /** Starts it, or finds it running; ready when its libvirtd answers. Fine after {@link crash}. */
  async start(signal?: AbortSignal): Promise<void> {
    await this.#writeDefinitions();
    await startSandbox({
      ...{ paths: this.#paths, imagesDir: this.#set.imagesDir, accel: this.#set.accel, signal },
      ...{ uplink: 'none', gateway: '127.0.0.1', domain: 'invalid' },
      peer: {
        enter: this.#set.enter,
        address: this.address,
        env: {
          SKERRY_LINKS: fileURLToPath(new URL('../../share/hypervisor-links.sh', import.meta.url)),
          SKERRY_HOSTNAME: this.name,
          SKERRY_HOSTS: join(this.#set.dir, 'hosts'),
          SKERRY_ADDRESS: this.address,
          SKERRY_VMS_ADDRESS: this.#vmsAddress,
        },
      },
    });
    await using connection = await this.#connect(signal);
    await this.#keepCapabilities(connection, signal);
  }

  /** Whether it runs. */
  isRunning(): Promise<boolean> {
    return isSandboxAlive(this.#paths);
  }

  /** Ends it as a power cut does, with all VMs on it; {@link start} starts it again. */
  crash(): Promise<void> {
    return killSandbox(this.#paths);
  }

  /** Kills its libvirtd, which is started again at once; VMs go on running. */
  async killLibvirtd(): Promise<void> {
    await this.run(['sh', '-c', 'kill -9 "$(cat /run/libvirtd.pid)"']);
  }

  /** Pulls its network cables: neither other hypervisors nor VMs on them are reached, until {@link heal}. */
  cutOff(): Promise<void> {
    return this.#setLinks('down');
  }

  /** Ends what {@link cutOff} began. */
  heal(): Promise<void> {
    return this.#setLinks('up');
  }

  /**
   * A TCP connection made inside it. `host` is an address, `localhost`, or the name of a hypervisor.
   * @throws GATEWAY_REFUSED when nobody answers there
   * @example const vnc = await hypervisor.dialTcp('127.0.0.1', 5900);
   */
  dialTcp(host: string, port: number, signal?: AbortSignal): Promise<Socket> {
    const index = indexOf(host);
    const address = host === 'localhost' ? '127.0.0.1' : index ? addressOf(index) : host;
    return openTunnel(this.#paths.gatewaySocket, address, port, signal);
  }

  /**
   * Runs a command inside it, as its root, and gives what it printed.
   *
   * @param signal ends it; without one it may take 30 s
   */
  async run(command: readonly string[], signal?: AbortSignal): Promise<string> {
    const [program = '', ...args] = [...(await this.enter()), ...command];
    const timeoutMs = signal ? { timeoutMs: LONG_MS } : {};
    return runOrThrow(program, args, { signal, cwd: '/', hasGroup: true, ...timeoutMs });
  }

  /**
   * Words before a command that run it inside: it sees the hypervisor's files, processes and network, and ends with it.
   * @throws HYPERVISOR_OFF when it does not run
   */
  async enter(): Promise<string[]> {
    // nsenter, unshare, and the first process of its own namespaces.
    const outermost = await outermostPid(this.#paths);
    const [unshare] = outermost === undefined ? [] : await childrenOf(outermost);
    const [first] = unshare === undefined ? [] : await childrenOf(unshare);
    if (first === undefined) throw new SkerryError('HYPERVISOR_OFF', { data: { name: this.name } });
    return [...enterArgs(first, '--uts'), 'nsenter', '--net=/run/netns'];
  }

  async #connect(signal?: AbortSignal): Promise<Connection> {
    try {
      return await connectLab(this.#paths, signal);
    } catch (error) {
      if (!(error instanceof SkerryError) || error.code !== 'LIBVIRTD_DOWN') throw error;
      throw new SkerryError('HYPERVISOR_LIBVIRTD', {
        data: { ...error.data, name: this.name },
        cause: error,
      });
    }
  }

  /** Keeps what its libvirt knows of every QEMU, once for all that start later: probing one takes a second. */
  async #keepCapabilities(connection: Connection, signal?: AbortSignal): Promise<void> {
    if (areCapabilitiesKept()) return;
    // It probes all of them for its answer.
    await connection.capabilities({ signal });
    const learnt = join(this.#paths.libvirtDir, 'cache', 'qemu', 'capabilities');
    await cp(learnt, join(cacheDir(), 'libvirt', 'capabilities'), { recursive: true });
    await writeFile(KEPT(), '');
  }

  async #setLinks(state: 'up' | 'down'): Promise<void> {
    const links = [`${this.name}-hosts`, `${this.name}-vms`];
    const script = links.map((link) => `ip link set ${link} ${state}`).join(' && ');
    const [program = '', ...enter] = this.#set.enter;
    await runOrThrow(program, [...enter, 'sh', '-c', script], { cwd: '/', hasGroup: true });
  }

  async #writeDefinitions(): Promise<void> {
    await writeFile(join(this.#set.dir, 'hosts'), hostsFile());
    const etc = join(this.#paths.libvirtDir, 'etc');
    // Its first start only: they may be changed, or removed.
    if ((await mkdir(etc, { recursive: true })) === undefined) return;
    for (const [file, xml] of Object.entries(firstDefinitions(this.#paths))) {
      const path = join(etc, file);
      const autostart = join(dirname(path), 'autostart');
      await mkdir(autostart, { recursive: true });
      await writeFile(path, xml);
      await symlink(join('/etc/libvirt', file), join(autostart, 'default.xml'));
    }
  }
}
