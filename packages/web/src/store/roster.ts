// The rows of the roster: hypervisors with their machines under them. Pure, and made anew only when it must be.
import type { EntityState, VmState } from '../api/types.ts';
import { type Filter, matches } from './filter.ts';
import type { CloudState } from './state.ts';

export type RosterRow =
  | {
      readonly kind: 'group';
      readonly id: string;
      readonly name: string;
      readonly shown: number;
      /** All that are in it, shown or not. */
      readonly vms: readonly string[];
    }
  /** By tag, a machine has one under each of its tags. */
  | { readonly kind: 'vm'; readonly id: string; readonly group: string };

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

/** What machines are under: the hypervisor they are on, or each of their tags. */
export type Grouping = 'hypervisor' | 'tag';

export interface Group {
  /** `hypervisor:hv1`, or `tag:web`; `tag:` for those without. */
  readonly id: string;
  readonly name: string;
  readonly vms: readonly string[];
}

/** Groups by name, each with its machines by name. */
export interface Order {
  readonly shape: number;
  readonly by: Grouping;
  readonly groups: readonly Group[];
}

/** @param before is given again as long as it is right */
export function orderOf(
  { entities, shape }: CloudState,
  before?: Order,
  by: Grouping = 'hypervisor',
): Order {
  if (before?.shape === shape && before.by === by) return before;
  const found = new Map<string, VmState[]>();
  for (const entity of entities.values()) {
    if (entity.kind !== 'vm' && by === 'tag') continue;
    for (const name of groupsOf(entity, by)) {
      const vms = found.get(name) ?? [];
      found.set(name, vms);
      if (entity.kind === 'vm') vms.push(entity);
    }
  }
  const groups = [...found]
    // Those without a tag are the last.
    .toSorted(([a], [b]) => Number(a === '') - Number(b === '') || collator.compare(a, b))
    .map(([name, vms]) => ({
      id: `${by}:${name}`,
      name,
      vms: vms.toSorted((a, b) => collator.compare(a.name, b.name)).map(({ id }) => id),
    }));
  return { shape, by, groups };
}

function groupsOf(entity: EntityState, by: Grouping): readonly string[] {
  if (entity.kind !== 'vm') return [entity.name];
  if (by === 'hypervisor') return [entity.hypervisor];
  return entity.tags.length === 0 ? [''] : [...new Set(entity.tags)];
}

/** With a filter, collapsed groups are open: what matches is what one wants to see. */
export function rosterRows(
  order: Order,
  entities: ReadonlyMap<string, EntityState>,
  filter: Filter,
  collapsed: ReadonlySet<string>,
): RosterRow[] {
  const isFiltered = filter.terms.length > 0;
  return order.groups.flatMap(({ id, name, vms }) => {
    const host = entities.get(id);
    const shown = isFiltered ? vms.filter((vm) => isShown(filter, entities.get(vm))) : vms;
    if (isFiltered && shown.length === 0 && !isShown(filter, host)) return [];
    const group = { kind: 'group', id, name, shown: shown.length, vms } as const;
    if (collapsed.has(order.by === 'tag' ? id : name) && !isFiltered) return [group];
    return [group, ...shown.map((vm) => ({ kind: 'vm', id: vm, group: id }) as const)];
  });
}

function isShown(filter: Filter, entity: EntityState | undefined): boolean {
  return entity !== undefined && matches(filter, entity);
}

/** What is on a hypervisor, in numbers. */
export interface Load {
  readonly total: number;
  readonly running: number;
  readonly usedMiB: number;
}

const NOTHING: Load = { total: 0, running: 0, usedMiB: 0 };

const known = new WeakMap<ReadonlyMap<string, EntityState>, ReadonlyMap<string, Load>>();

/** The load of every hypervisor, by name; counted once for each state of the cloud. */
export function loads(entities: ReadonlyMap<string, EntityState>): ReadonlyMap<string, Load> {
  const counted = known.get(entities) ?? countLoads(entities);
  known.set(entities, counted);
  return counted;
}

function countLoads(entities: ReadonlyMap<string, EntityState>): ReadonlyMap<string, Load> {
  const found = new Map<string, Load>();
  for (const vm of entities.values()) {
    if (vm.kind !== 'vm') continue;
    const { total, running, usedMiB } = found.get(vm.hypervisor) ?? NOTHING;
    const on = isOn(vm);
    found.set(vm.hypervisor, {
      total: total + 1,
      running: running + (vm.state === 'running' ? 1 : 0),
      usedMiB: usedMiB + (on ? vm.memoryMiB : 0),
    });
  }
  return found;
}

export function isOn({ state }: VmState): boolean {
  return state !== 'shutoff' && state !== 'crashed';
}

let lastOrder: Order | undefined;
const lastVms = new Map<string, readonly VmState[]>();

/**
 * All hypervisors with their machines, also those that one does not see and that machines one sees are on: the same list as
 * long as nobody comes or goes.
 */
export function hypervisorGroups(state: CloudState): readonly Group[] {
  lastOrder = orderOf(state, lastOrder);
  return lastOrder.groups;
}

/** The machines of a hypervisor by name: the same list as long as none of them changes. */
export function vmsOn(state: CloudState, host: string): readonly VmState[] {
  const ids = hypervisorGroups(state).find(({ name }) => name === host)?.vms ?? [];
  const vms = ids.flatMap((id) => {
    const found = state.entities.get(id);
    return found?.kind === 'vm' ? [found] : [];
  });
  const before = lastVms.get(host);
  if (before?.length === vms.length && before.every((vm, at) => vm === vms[at])) return before;
  lastVms.set(host, vms);
  return vms;
}
