// The verb table, as central gives it: buttons, menus, forms and the palette are made from it.
import type { EntityState, VerbInfo } from '../api/types.ts';
import { observable } from '../store/observable.ts';
import { useObservable } from '../store/use-observable.ts';
import { may } from '../store/state.ts';

export const verbs = observable<readonly VerbInfo[]>([]);

/** Renders again when the table is here: what is written comes from it. */
export function useVerbs(): readonly VerbInfo[] {
  return useObservable(verbs);
}

export function verbOf(kind: string, name: string): VerbInfo | undefined {
  return verbs.get().find((verb) => verb.entity === kind && verb.name === name);
}

/** A verb that only reads is no news for the tasks. */
export function isQuiet(name: string): boolean {
  if (name === 'login') return true;
  const verb = verbs.get().find((each) => each.name === name);
  return verb?.danger === 'reads' || verb?.programs === true;
}

export function isPossible(verb: VerbInfo, entity: EntityState): boolean {
  if (verb.entity !== entity.kind) return false;
  if (verb.stops !== undefined && entity.task?.verb !== verb.stops) return false;
  // Adopting what is ours already, or releasing what is not, says nothing of the states.
  if (entity.kind !== 'vm') return true;
  if (verb.name === 'manage') return !entity.managed;
  if (verb.name === 'unmanage') return entity.managed;
  if (lacksSnapshot(verb, entity)) return false;
  return verb.states === undefined || verb.states.includes(entity.state);
}

function lacksSnapshot({ name }: VerbInfo, entity: EntityState): boolean {
  const needs = name === 'snapshot_revert' || name === 'snapshot_delete';
  return needs && entity.kind === 'vm' && entity.snapshots.length === 0;
}

/** Whether somebody can press a button, and if not, what to say of it. */
export interface Readiness {
  readonly ready: boolean;
  readonly denied: boolean;
  readonly why: string;
}

export function readiness(
  verb: VerbInfo,
  entity: EntityState,
  permissions: ReadonlySet<string>,
): Readiness {
  if (!may(permissions, verb.permission))
    return { ready: false, denied: true, why: `you lack the permission '${verb.permission}'` };
  if (entity.task?.verb === verb.name)
    return { ready: false, denied: false, why: `${entity.task.by} does it already` };
  if (!isPossible(verb, entity)) {
    if (verb.stops !== undefined)
      return { ready: false, denied: false, why: 'there is nothing to stop' };
    if (lacksSnapshot(verb, entity))
      return { ready: false, denied: false, why: `${entity.name} has no snapshot` };
    const needs = verb.states?.join(' or ') ?? 'in another state';
    const is = entity.kind === 'vm' ? entity.state : '';
    return { ready: false, denied: false, why: `${entity.name} is ${is}; it must be ${needs}` };
  }
  return { ready: true, denied: false, why: verb.summary };
}

/** What is asked for twice. */
export function isDangerous({ danger }: VerbInfo): boolean {
  return danger === 'disrupts' || danger === 'destroys';
}

export function hasParams({ params }: VerbInfo): boolean {
  return Object.keys(params.properties ?? {}).length > 0;
}

export function needsParams({ params }: VerbInfo): boolean {
  return (params.required ?? []).length > 0;
}

/** Transport first: what one presses most. The rest keeps the table's order. */
export const TRANSPORT = [
  'create',
  'resume',
  'suspend',
  'shutdown',
  'reboot',
  'destroy',
  'migrate',
] as const;

/** Those that have a place of their own on the page, so that menus need not have them. */
const ELSEWHERE = new Set([
  'xmldesc',
  'define',
  'snapshot_revert',
  'snapshot_delete',
  'drives_delete',
  'drives_convert',
  'drives_setgolden',
  'drives_getgolden',
  'network_create',
  'network_destroy',
  'network_undefine',
  'schedule',
  'unschedule',
  'permission_set',
  'permission_get',
  'permission_explain',
  'jobs',
  'getroster',
  'snapshot_get',
  'drives_get',
  'rostervm',
]);

/** The verbs of a menu for an entity, those that destroy at its end. */
export function menuVerbs(all: readonly VerbInfo[], kind: EntityState['kind']): VerbInfo[] {
  const listed = all.filter(
    (verb) => verb.entity === kind && !verb.programs && !ELSEWHERE.has(verb.name),
  );
  const isLast = (verb: VerbInfo): number => Number(verb.danger === 'destroys');
  return listed.toSorted((a, b) => isLast(a) - isLast(b));
}
