// The one WebSocket of a browser: all it may see, once, and then each change. A browser that comes back gets all of it again.
import { z } from 'zod';
import type { WebSocket } from 'ws';
import type { AuditEntry, Usage } from '../../bus/messages.ts';
import { type EntityState, hypervisorOf } from '../../entity.ts';
import { type Policy, rolesOf } from '../../permission/policy.ts';
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
  /** Says only that the line is there. */
  | { readonly type: 'beat' }
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
/** A browser that has heard nothing for some of these takes the line for cut. */
const BEAT_MS = 2000;
/** For so long one hears of what one saw until it was deleted. */
const LEFT_MS = 60_000;

/** Keeps a browser up to date until it leaves. */
export function serveLive(central: Central, socket: WebSocket, user: string): void {
  const sets: string[][] = [];
  const setOf = new Map<string, number>();
  let setsTold = 0;
  /** What is seen, and the set of permissions that was told of it. */
  const visible = new Map<string, number>();
  /** What was seen until it was deleted, and when: who did it comes after. */
  const left = new Map<string, number>();
  /** The hypervisors of what is visible: whether they are heard from is told. */
  const hosts = new Set<string>();
  let watched = new Set<string>();
  let changed = new Map<string, EntityState>();
  let removed = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let rights = rightsOf(central.policies.policy, user);
  let parked = '';
  /** How long the first message is while it is on its way: with many machines it alone is much. */
  let helloSize = 0;

  const send = (message: LiveMessage): void => {
    if (socket.bufferedAmount > MAX_BUFFER + helloSize) return socket.close(1013, 'too slow');
    if (socket.readyState !== socket.OPEN) return;
    const text = JSON.stringify(message);
    if (message.type !== 'hello') return socket.send(text);
    helloSize = Buffer.byteLength(text);
    socket.send(text, () => (helloSize = 0));
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
    for (const [entity, set] of entities) {
      visible.set(entity.id, set);
      hosts.add(hypervisorOf(entity));
    }
    setsTold = sets.length;
    const kept = keptFor(central, user);
    parked = JSON.stringify(kept);
    const lamps = central.registry.lamps().filter(({ hypervisor }) => hosts.has(hypervisor));
    const rest = { lamps, parked: kept, stand: standView(central) };
    send({ type: 'hello', user, entities, permissionSets: sets, ...rest });
  };
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const deleted = removed;
    const hidden: string[] = [];
    const known = new Set(hosts);
    const seen = [...changed.values()].flatMap((each) => {
      const found = see(each);
      if (found) {
        visible.set(each.id, found[1]);
        hosts.add(hypervisorOf(each));
      }
      // Seen until now, and no more: its tags were changed, perhaps.
      else if (visible.delete(each.id)) hidden.push(each.id);
      return found ? [found] : [];
    });
    const gone = [...deleted].filter((id) => visible.delete(id));
    changed = new Map();
    removed = new Set();
    forgetLeft(left);
    for (const id of gone) left.set(id, Date.now());
    gone.push(...hidden);
    if (seen.length === 0 && gone.length === 0) return;
    const permissionSets = sets.length > setsTold ? { permissionSets: sets } : {};
    setsTold = sets.length;
    for (const lamp of central.registry.lamps())
      if (hosts.has(lamp.hypervisor) && !known.has(lamp.hypervisor)) send({ type: 'lamp', lamp });
    send({ type: 'entities', changed: seen, removed: gone, ...permissionSets });
  };
  const tellParked = (): void => {
    const kept = keptFor(central, user);
    const text = JSON.stringify(kept);
    if (text === parked) return;
    parked = text;
    send({ type: 'parked', parked: kept });
  };
  /** Another policy: most changes of it are about others. */
  const compare = (): void => {
    const now = rightsOf(central.policies.policy, user);
    if (now === rights) return;
    rights = now;
    for (const each of central.registry.all)
      if (see(each)?.[1] !== visible.get(each.id)) changed.set(each.id, each);
    flush();
    const all = central.registry.all.filter(({ id }) => visible.has(id));
    const still = new Set(all.map(hypervisorOf));
    for (const host of hosts) if (!still.has(host)) hosts.delete(host);
    tellParked();
  };
  const listening = central.registry.listen({
    onEntities: (states, ids) => {
      for (const state of states) {
        changed.set(state.id, state);
        removed.delete(state.id);
        left.delete(state.id);
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
      if (left.has(entry.entity) || seesLine(central, user, entry, visible))
        send({ type: 'audit', entry });
    },
    onShout: ({ entity, text, at }) => {
      if (visible.has(entity)) send({ type: 'shout', entity, text, at });
    },
  });
  const stops = [
    central.onChange('policy', compare),
    central.onChange('stand', () => send({ type: 'stand', stand: standView(central) })),
    central.onChange('parked', tellParked),
  ];
  const beat = setInterval(() => send({ type: 'beat' }), BEAT_MS);
  socket.on('message', (data: Buffer) => {
    const parsed = liveRequest.safeParse(parseJson(data.toString('utf8')));
    if (parsed.success) watched = new Set(parsed.data.ids);
  });
  socket.on('close', () => {
    clearTimeout(timer);
    clearInterval(beat);
    listening[Symbol.dispose]();
    for (const stop of stops) stop();
  });
  socket.on('error', () => {});
  hello();
}

/** All that somebody's permissions follow from: another one when they may be others. */
function rightsOf(policy: Policy, user: string): string {
  if (policy.admins.includes(user)) return 'all';
  const roles = rolesOf(policy, user).filter((role) => Object.hasOwn(policy.roles, role));
  const holders = new Set([`user:${user}`, ...roles.map((role) => `role:${role}`)]);
  const grants = policy.grants.filter(({ who }) => holders.has(who));
  return JSON.stringify([grants, roles.map((role) => policy.roles[role])]);
}

/** The oldest are first. */
function forgetLeft(left: Map<string, number>): void {
  for (const [id, at] of left) {
    if (Date.now() - at < LEFT_MS) return;
    left.delete(id);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
