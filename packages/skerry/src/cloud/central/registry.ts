// What all agents have told, as one picture. A gap in an agent's numbers means that something was missed: its whole state
// is asked for, once.
import type { BusConnection } from '../bus/bus.ts';
import {
  type AuditEntry,
  type Publication,
  publication,
  stateSnapshot,
  type Usage,
} from '../bus/messages.ts';
import { type EntityState, hypervisorOf, isCentral, vmId, type VmState } from '../entity.ts';

/** Whether what is known of a hypervisor is what is there now. */
export interface Lamp {
  readonly hypervisor: string;
  readonly live: boolean;
  /** Milliseconds since 1970 when it was heard last. */
  readonly heardAt: number;
}

export interface RegistryListener {
  onEntities?(changed: readonly EntityState[], removed: readonly string[]): void;
  onLamp?(lamp: Lamp): void;
  onUsage?(usages: readonly Usage[], at: number): void;
  /** @param from the hypervisor whose agent says so; undefined for what was done here */
  onAudit?(entry: AuditEntry, from?: string): void;
  onShout?(shout: Extract<Publication, { type: 'shout' }>): void;
  /** An agent is there, or there again after a silence, and its state is known. */
  onSynced?(hypervisor: string): void;
}

interface Source {
  readonly entities: Map<string, EntityState>;
  epoch: string;
  seq: number;
  live: boolean;
  heardAt: number;
  /** While its state is on the way, what comes is not looked at: the snapshot, or a gap after it, says it all. */
  syncing: Promise<void> | undefined;
  again: boolean;
}

const SILENT_MS = 12_000;
const CHECK_MS = 1000;
const SYNC_MS = 15_000;

export class Registry implements AsyncDisposable {
  readonly #bus: BusConnection;
  readonly #sources = new Map<string, Source>();
  readonly #entities = new Map<string, EntityState>();
  readonly #listeners = new Set<RegistryListener>();
  readonly #stop = new AbortController();
  readonly #timer: NodeJS.Timeout;

  constructor(bus: BusConnection) {
    this.#bus = bus;
    this.#timer = setInterval(() => this.#checkSilence(), CHECK_MS);
    bus.follow({
      onPresence: (address, presence) => {
        if (isCentral(address)) return;
        if (presence === 'here') void this.#sync(address);
        else this.#setLive(address, false);
      },
      onPublication: (from, body) => {
        const parsed = publication.safeParse(body);
        // Whoever sends nonsense is not known by it.
        if (parsed.success && !isCentral(from)) this.#take(from, parsed.data);
      },
    });
  }

  listen(listener: RegistryListener): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  get(id: string): EntityState | undefined {
    return this.#entities.get(id);
  }

  get all(): readonly EntityState[] {
    return [...this.#entities.values()];
  }

  /** Whether that hypervisor says that it has the entity; while a machine moves, two do. */
  claims(hypervisor: string, id: string): boolean {
    return this.#sources.get(hypervisor)?.entities.has(id) ?? false;
  }

  /** The hypervisors that say that they have it. */
  claimants(id: string): string[] {
    return [...this.#sources].flatMap(([hypervisor, { entities }]) =>
      entities.has(id) ? [hypervisor] : [],
    );
  }

  /** A machine by uuid, or by name when only one has it. */
  findVm(nameOrUuid: string): VmState | readonly VmState[] {
    const byUuid = this.#entities.get(vmId(nameOrUuid.toLowerCase()));
    if (byUuid?.kind === 'vm') return byUuid;
    const named = this.all.filter(
      (each): each is VmState => each.kind === 'vm' && each.name === nameOrUuid,
    );
    return named.length === 1 && named[0] ? named[0] : named;
  }

  /** Machines that run on two hypervisors, in words. */
  runningTwice(): string[] {
    const places = new Map<string, string[]>();
    for (const { entities } of this.#sources.values())
      for (const each of entities.values())
        if (each.kind === 'vm' && each.state === 'running' && !each.task)
          places.set(each.id, [
            ...(places.get(each.id) ?? []),
            `${each.name} on ${each.hypervisor}`,
          ]);
    return [...places.values()].filter(({ length }) => length > 1).map((names) => names.join(', '));
  }

  lamps(): Lamp[] {
    return [...this.#sources].map(([hypervisor, { live, heardAt }]) => ({
      hypervisor,
      live,
      heardAt,
    }));
  }

  isLive(hypervisor: string): boolean {
    return this.#sources.get(hypervisor)?.live ?? false;
  }

  /** Tells the listeners of something that was done here and not by an agent. */
  tellAudit(entry: AuditEntry): void {
    for (const listener of this.#listeners) listener.onAudit?.(entry);
  }

  /** Forgets a hypervisor that will not come back, and its machines. */
  forget(hypervisor: string): void {
    const source = this.#sources.get(hypervisor);
    if (!source) return;
    this.#change(source, hypervisor, [], [...source.entities.keys()]);
    this.#sources.delete(hypervisor);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    clearInterval(this.#timer);
    for (const { syncing } of this.#sources.values()) await syncing;
  }

  #take(from: string, message: Publication): void {
    const source = this.#sources.get(from);
    if (!source || source.epoch === '') {
      // From somebody whose state we do not have yet.
      void this.#sync(from);
      return;
    }
    source.heardAt = Date.now();
    switch (message.type) {
      case 'state':
        if (message.epoch === source.epoch && message.seq <= source.seq) return;
        if (message.epoch !== source.epoch || message.seq !== source.seq + 1) void this.#sync(from);
        else {
          source.seq = message.seq;
          this.#change(source, from, message.changed, message.removed);
        }
        break;
      case 'alive':
        if (message.epoch !== source.epoch || message.seq > source.seq) void this.#sync(from);
        else if (!source.live) this.#setSynced(from);
        break;
      case 'usage':
        for (const listener of this.#listeners) listener.onUsage?.(message.entities, message.at);
        break;
      case 'audit':
        for (const listener of this.#listeners) listener.onAudit?.(message.entry, from);
        break;
      case 'shout':
        for (const listener of this.#listeners) listener.onShout?.(message);
    }
  }

  /** Asks an agent for all of its state; at most one such request is under way, and at most one more follows it. */
  async #sync(from: string): Promise<void> {
    const source = this.#sources.get(from) ?? {
      entities: new Map<string, EntityState>(),
      epoch: '',
      seq: 0,
      live: false,
      heardAt: 0,
      syncing: undefined,
      again: false,
    };
    this.#sources.set(from, source);
    if (source.syncing) {
      source.again = true;
      return source.syncing;
    }
    source.syncing = this.#askAll(from, source).finally(() => {
      source.syncing = undefined;
    });
    return source.syncing;
  }

  async #askAll(from: string, source: Source): Promise<void> {
    do {
      source.again = false;
      try {
        const options = { signal: this.#stop.signal, timeoutMs: SYNC_MS };
        const answer = await this.#bus.request(from, { type: 'sync' }, options);
        const { epoch, seq, entities } = stateSnapshot.parse(answer);
        source.heardAt = Date.now();
        // Not when more was published after the snapshot was made, and is here already.
        if (epoch !== source.epoch || seq >= source.seq) {
          source.epoch = epoch;
          source.seq = seq;
          this.#replace(source, from, entities);
        }
        this.#setSynced(from);
      } catch {
        // Not there, or no agent: its presence or its next word starts this again.
        this.#setLive(from, false);
        return;
      }
    } while (source.again && !this.#stop.signal.aborted);
  }

  #replace(source: Source, from: string, entities: readonly EntityState[]): void {
    const now = new Set<string>(entities.map(({ id }) => id));
    const gone = [...source.entities.keys()].filter((id) => !now.has(id));
    this.#change(source, from, entities, gone);
  }

  #change(
    source: Source,
    from: string,
    changed: readonly EntityState[],
    removed: readonly string[],
  ): void {
    // Nobody speaks for another's entities.
    for (const each of changed) if (hypervisorOf(each) === from) source.entities.set(each.id, each);
    for (const id of removed) source.entities.delete(id);
    const states: EntityState[] = [];
    const gone: string[] = [];
    for (const id of new Set([...changed.map((each) => each.id), ...removed])) {
      const before = this.#entities.get(id);
      const now = this.#claimOf(id);
      if (now === before) continue;
      if (now) {
        this.#entities.set(id, now);
        states.push(now);
      } else {
        this.#entities.delete(id);
        gone.push(id);
      }
    }
    if (states.length + gone.length === 0) return;
    for (const listener of this.#listeners) listener.onEntities?.(states, gone);
  }

  /** While a machine migrates two hypervisors have it: it is where it runs. */
  #claimOf(id: string): EntityState | undefined {
    let best: EntityState | undefined;
    for (const { entities } of this.#sources.values()) {
      const claim = entities.get(id);
      if (claim && (!best || rankOf(claim) > rankOf(best))) best = claim;
    }
    return best;
  }

  #setSynced(hypervisor: string): void {
    this.#setLive(hypervisor, true);
    for (const listener of this.#listeners) listener.onSynced?.(hypervisor);
  }

  #setLive(hypervisor: string, live: boolean): void {
    const source = this.#sources.get(hypervisor);
    if (!source || source.live === live) return;
    source.live = live;
    for (const listener of this.#listeners)
      listener.onLamp?.({ hypervisor, live, heardAt: source.heardAt });
  }

  #checkSilence(): void {
    for (const [hypervisor, { live, heardAt }] of this.#sources)
      if (live && Date.now() - heardAt > SILENT_MS) this.#setLive(hypervisor, false);
  }
}

const RANKS: Readonly<Partial<Record<VmState['state'], number>>> = {
  running: 3,
  blocked: 3,
  'shutting-down': 3,
  sleeping: 2,
  paused: 2,
};

/** A machine that waits for its memory, or has given it away, is paused with that reason. */
function rankOf(entity: EntityState): number {
  if (entity.kind === 'hypervisor') return 0;
  return entity.reason === 'migration' ? 0 : (RANKS[entity.state] ?? 1);
}
