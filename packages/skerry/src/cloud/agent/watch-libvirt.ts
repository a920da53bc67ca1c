// libvirt's events as entities. Nothing is asked again and again: an event says which machine is to be read anew.
import {
  type Connection,
  type Domain,
  isNotFound,
  type LibvirtEvent,
  type LifecycleEvent,
} from '@skerry/libvirt';
import { type EntityId, vmId, type VmPower, type VmState } from '../entity.ts';
import type { ReadProcNet } from './proc-net.ts';
import type { Entities } from './entities.ts';
import { GuestAddresses } from './guest-addresses.ts';
import { type ReadVm, readVm } from './read-vm.ts';
import { setMetadata } from './set-metadata.ts';

/** What an event alone says; the machine's state is shown at once, and read after that. */
const AT_ONCE: Readonly<Partial<Record<LifecycleEvent, VmPower>>> = {
  started: 'running',
  suspended: 'paused',
  resumed: 'running',
  stopped: 'shutoff',
  shutdown: 'shutting-down',
  crashed: 'crashed',
  pmsuspended: 'sleeping',
};

const EVENTS = [
  'lifecycle',
  'reboot',
  'device-added',
  'device-removed',
  'disk-change',
  'tray-change',
  'balloon',
  'metadata',
  'agent-lifecycle',
  'network-lifecycle',
  'pool-lifecycle',
  'pool-refresh',
] as const;

export interface WatchOptions {
  readonly connection: Connection;
  readonly hypervisor: string;
  readonly entities: Entities;
  readonly readProcNet: ReadProcNet;
  readonly signal: AbortSignal;
  /** Called when a network or a pool has changed. */
  readonly onHost: () => void;
  /** Told of every event of a machine, after its state was set. */
  readonly onLifecycle?: (uuid: string, event: LifecycleEvent, detail: string) => void;
  readonly onError: (error: unknown) => void;
}

/** Keeps the machines of one libvirt connection in `entities`, until the signal or the end of the connection. */
export class LibvirtWatch {
  readonly #options: WatchOptions;
  readonly #addresses: GuestAddresses;
  /** Machines that are being read, and those to be read once more after that. */
  readonly #reading = new Map<string, Promise<void>>();
  readonly #again = new Map<string, Promise<void>>();

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#addresses = new GuestAddresses(options);
  }

  /** Reads all there is, then follows the events; returns when the connection or the signal ends. */
  async run(): Promise<void> {
    const { connection, signal, onHost } = this.#options;
    const events = await connection.events({ types: EVENTS, signal });
    try {
      await this.readAll();
      for await (const event of events) {
        if (event.type === 'resync') await this.readAll();
        else if ('domain' in event) this.#onDomain(event);
        else onHost();
      }
    } finally {
      await this.#addresses.close();
    }
  }

  async readAll(): Promise<void> {
    const { connection, entities, signal, onHost } = this.#options;
    const domains = await connection.domains({ signal });
    const known = new Set(domains.map(({ uuid }) => vmId(uuid)));
    for (const { id, kind } of entities.all) if (kind === 'vm' && !known.has(id)) this.#gone(id);
    await Promise.all(domains.map((domain) => this.#read(domain)));
    onHost();
  }

  #gone(id: EntityId): void {
    this.#addresses.forget(id.slice('vm:'.length));
    this.#options.entities.remove(id);
  }

  /** Reads one machine anew, after something that libvirt tells by no event. */
  async refresh(uuid: string): Promise<void> {
    const { connection, signal } = this.#options;
    try {
      await this.#read(await connection.domainByUuid(uuid, { signal }));
    } catch (error) {
      if (!isNotFound(error)) throw error;
      this.#gone(vmId(uuid));
    }
  }

  #onDomain(event: LibvirtEvent & { readonly domain: { readonly uuid: string } }): void {
    const { entities, onLifecycle, onError, signal } = this.#options;
    const { uuid } = event.domain;
    if (event.type === 'lifecycle') {
      const state = AT_ONCE[event.event];
      const now = event.event === 'started' ? { runningSince: Date.now() } : {};
      const off = state === 'shutoff' ? { runningSince: null } : {};
      if (state)
        entities.patch<VmState>(vmId(uuid), { state, reason: event.detail, ...now, ...off });
      onLifecycle?.(uuid, event.event, event.detail);
    }
    this.refresh(uuid).catch((error: unknown) => {
      if (!signal.aborted) onError(error);
    });
  }

  /** Reads a machine as it is from now on: a reading that began before does not count. */
  #read(domain: Domain): Promise<void> {
    const { uuid } = domain;
    const running = this.#reading.get(uuid);
    if (!running) {
      const reading = this.#readNow(domain).finally(() => this.#reading.delete(uuid));
      this.#reading.set(uuid, reading);
      return reading;
    }
    const waiting = this.#again.get(uuid);
    if (waiting) return waiting;
    const next = running
      .catch(() => {})
      .then(() => {
        this.#again.delete(uuid);
        return this.#read(domain);
      });
    this.#again.set(uuid, next);
    return next;
  }

  async #keepAutostart(domain: Domain, vm: ReadVm): Promise<void> {
    const { signal, onError } = this.#options;
    try {
      await domain.setAutostart(true, { signal });
      await setMetadata(domain, vm, { signal });
    } catch (error) {
      if (!signal.aborted && !isNotFound(error)) onError(error);
    }
  }

  async #readNow(domain: Domain): Promise<void> {
    const { entities, hypervisor, signal } = this.#options;
    const id = vmId(domain.uuid);
    const read = await readVm(domain, signal);
    const before = entities.get(id);
    if (read === undefined) {
      this.#gone(id);
      return;
    }
    // What is not managed is left alone.
    const hasAgent = read.hasAgent && read.vm.managed;
    const nics = this.#addresses.follow(domain, read.vm, hasAgent);
    const { task, lastChange, runningSince } =
      before?.kind === 'vm' ? before : { task: null, lastChange: null, runningSince: null };
    entities.set({ ...read.vm, nics, hypervisor, task, lastChange, runningSince });
    // It has arrived; while it leaves, the same is said there.
    if (read.bringsAutostart && read.vm.persistent && task?.verb !== 'migrate')
      void this.#keepAutostart(domain, read.vm);
  }
}
