// The one WebSocket of a browser: all it may see, once, and then each change. A browser that comes back gets all of it again.
import { z } from 'zod';
import type { WebSocket } from 'ws';
import type { AuditEntry, Usage } from '../../bus/messages.ts';
import { type EntityState, hypervisorOf } from '../../entity.ts';
import type { Central } from '../central.ts';
import type { Parked } from '../parking.ts';
import { keptFor, seesLine } from '../seen.ts';
import { type StandView, standView } from '../stand-view.ts';
import type { Lamp } from '../registry.ts';

/** What central tells a browser. */
export type LiveMessage =
  | {
      readonly type: 'hello';
      readonly user: string;
      readonly entities: readonly SeenEntity[];
      readonly permissionSets: readonly (readonly string[])[];
      readonly lamps: readonly Lamp[];
      readonly parked: readonly Parked[];
      readonly stand: StandView;
    }
  | {
      readonly type: 'entities';
      readonly changed: readonly SeenEntity[];
      readonly removed: readonly string[];
      /** When there are new ones: all of them. */
      readonly permissionSets?: readonly (readonly string[])[];
    }
  | { readonly type: 'lamp'; readonly lamp: Lamp }
  | { readonly type: 'stand'; readonly stand: StandView }
  | { readonly type: 'parked'; readonly parked: readonly Parked[] }
  | { readonly type: 'usage'; readonly at: number; readonly entities: readonly Usage[] }
  | { readonly type: 'audit'; readonly entry: AuditEntry }
  | { readonly type: 'shout'; readonly entity: string; readonly text: string; readonly at: number };

/** An entity's state, and which of `permissionSets` one has for it. */
export type SeenEntity = readonly [EntityState, number];

/** What a browser tells: the entities whose graphs are on its screen. */
export const liveRequest = z.object({
  type: z.literal('watch'),
  ids: z.array(z.string()).max(500),
});

/** A browser that does not read for so long is cut off; it comes back and gets all of it. */
const MAX_BUFFER = 8 * 1024 * 1024;
const BATCH_MS = 8;

/** Keeps a browser up to date until it leaves. */
export function serveLive(central: Central, socket: WebSocket, user: string): void {
  const sets: string[][] = [];
  const setOf = new Map<string, number>();
  const visible = new Set<string>();
  /** The hypervisors of what is visible: whether they are heard from is told. */
  const hosts = new Set<string>();
  let watched = new Set<string>();
  let changed = new Map<string, EntityState>();
  let removed = new Set<string>();
  let timer: NodeJS.Timeout | undefined;

  const send = (message: LiveMessage): void => {
    if (socket.bufferedAmount > MAX_BUFFER) socket.close(1013, 'too slow');
    else if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(message));
  };
  const see = (entity: EntityState): SeenEntity | undefined => {
    const permissions = [...central.permissions(user, entity)].toSorted();
    if (permissions.length === 0) return undefined;
    const key = permissions.join(' ');
    const at = setOf.get(key) ?? sets.push(permissions) - 1;
    setOf.set(key, at);
    return [entity, at];
  };
  const hello = (): void => {
    const entities = central.registry.all.flatMap((each) => {
      const seen = see(each);
      return seen ? [seen] : [];
    });
    visible.clear();
    hosts.clear();
    for (const [entity] of entities) {
      visible.add(entity.id);
      hosts.add(hypervisorOf(entity));
    }
    const lamps = central.registry.lamps().filter(({ hypervisor }) => hosts.has(hypervisor));
    send({
      type: 'hello',
      user,
      entities,
      permissionSets: sets,
      lamps,
      parked: keptFor(central, user),
      stand: standView(central),
    });
  };
  const flush = (): void => {
    timer = undefined;
    const before = sets.length;
    const seen = [...changed.values()].flatMap((each) => {
      const found = see(each);
      if (found) visible.add(each.id);
      // Seen until now, and no more: its tags were changed, perhaps.
      else if (visible.has(each.id)) removed.add(each.id);
      return found ? [found] : [];
    });
    const gone = [...removed].filter((id) => visible.delete(id));
    changed = new Map();
    removed = new Set();
    if (seen.length === 0 && gone.length === 0) return;
    const permissionSets = sets.length > before ? { permissionSets: sets } : {};
    const known = hosts.size;
    for (const [entity] of seen) hosts.add(hypervisorOf(entity));
    const fresh = new Set([...hosts].slice(known));
    for (const lamp of central.registry.lamps())
      if (fresh.has(lamp.hypervisor)) send({ type: 'lamp', lamp });
    send({ type: 'entities', changed: seen, removed: gone, ...permissionSets });
  };
  const listening = central.registry.listen({
    onEntities: (states, ids) => {
      for (const state of states) {
        changed.set(state.id, state);
        removed.delete(state.id);
      }
      for (const id of ids) {
        removed.add(id);
        changed.delete(id);
      }
      timer ??= setTimeout(flush, BATCH_MS);
    },
    onLamp: (lamp) => {
      if (hosts.has(lamp.hypervisor)) send({ type: 'lamp', lamp });
    },
    onUsage: (usages, at) => {
      const entities = usages.filter(({ id }) => watched.has(id) && visible.has(id));
      if (entities.length > 0) send({ type: 'usage', at, entities });
    },
    onAudit: (entry) => {
      if (seesLine(central, user, entry, visible)) send({ type: 'audit', entry });
    },
    onShout: ({ entity, text, at }) => {
      if (visible.has(entity)) send({ type: 'shout', entity, text, at });
    },
  });
  const stops = [
    central.onChange('policy', hello),
    central.onChange('stand', () => send({ type: 'stand', stand: standView(central) })),
    central.onChange('parked', () => send({ type: 'parked', parked: keptFor(central, user) })),
  ];
  socket.on('message', (data: Buffer) => {
    const parsed = liveRequest.safeParse(parseJson(data.toString('utf8')));
    if (parsed.success) watched = new Set(parsed.data.ids);
  });
  socket.on('close', () => {
    clearTimeout(timer);
    listening[Symbol.dispose]();
    for (const stop of stops) stop();
  });
  socket.on('error', () => {});
  hello();
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
