// What people type to find machines: `web tag:prod state:paused host:hv1 -tag:old`. Pure.
import type { EntityState } from '../api/types.ts';

interface Term {
  readonly key: string | null;
  readonly value: string;
  readonly negative: boolean;
}

export interface Filter {
  readonly terms: readonly Term[];
  /** Whether states or addresses decide: such a list changes with each event. */
  readonly byState: boolean;
}

/** The words before a colon that mean something; with any other one, the whole is a plain word. */
export const FILTER_KEYS = ['tag', 'state', 'host', 'name', 'is', 'mac', 'ip'] as const;
const keys: ReadonlySet<string> = new Set(FILTER_KEYS);

export function parseFilter(text: string): Filter {
  const terms = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '' && word !== '-')
    .map(toTerm)
    .filter(({ value }) => value !== '');
  const changes = ({ key, value }: Term): boolean =>
    key === 'state' || key === 'is' || key === 'ip' || (key === null && isLikeAddress(value));
  return { terms, byState: terms.some(changes) };
}

function toTerm(word: string): Term {
  const negative = word.startsWith('-');
  const rest = negative ? word.slice(1) : word;
  const colon = rest.indexOf(':');
  const key = colon > 0 ? rest.slice(0, colon) : '';
  if (keys.has(key)) return { key, value: rest.slice(colon + 1), negative };
  return { key: null, value: rest, negative };
}

/** Whether all that was typed holds for an entity. */
export function matches({ terms }: Filter, entity: EntityState): boolean {
  return terms.every((term) => holds(term, entity) !== term.negative);
}

function holds({ key, value }: Term, entity: EntityState): boolean {
  switch (key) {
    case 'tag':
      return entity.tags.some((tag) => tag.toLowerCase().startsWith(value));
    case 'state':
      return (
        entity.kind === 'vm' && stateNames(entity.state).some((name) => name.startsWith(value))
      );
    case 'host':
      return hostOf(entity).includes(value);
    case 'name':
      return entity.name.toLowerCase().includes(value);
    case 'mac':
      return entity.kind === 'vm' && entity.nics.some(({ mac }) => mac.includes(value));
    case 'ip':
      return hasAddress(value, entity);
    case 'is':
      return isIt(value, entity);
    default:
      return anywhere(value, entity);
  }
}

function stateNames(state: string): string[] {
  return state === 'shutoff' ? ['shutoff', 'off', 'stopped'] : [state];
}

function hostOf(entity: EntityState): string {
  return entity.kind === 'vm' ? entity.hypervisor : entity.name;
}

function isIt(value: string, entity: EntityState): boolean {
  if (value === 'busy') return entity.task !== null;
  if (entity.kind !== 'vm') return value === 'drained' && entity.drained;
  if (value === 'on') return entity.state !== 'shutoff' && entity.state !== 'crashed';
  if (value === 'off') return entity.state === 'shutoff' || entity.state === 'crashed';
  if (value === 'managed') return entity.managed;
  return value === 'unmanaged' && !entity.managed;
}

function isLikeAddress(value: string): boolean {
  return /[.:]/.test(value);
}

function hasAddress(start: string, entity: EntityState): boolean {
  return (
    entity.kind === 'vm' &&
    entity.nics.some(({ addresses }) => addresses.some((each) => each.startsWith(start)))
  );
}

function anywhere(value: string, entity: EntityState): boolean {
  if (entity.name.toLowerCase().includes(value)) return true;
  if (entity.tags.some((tag) => tag.toLowerCase().includes(value))) return true;
  if (entity.kind !== 'vm') return false;
  if (entity.uuid.startsWith(value) || entity.title.toLowerCase().includes(value)) return true;
  // A name may begin as an address does; nobody finds one by its middle.
  return isLikeAddress(value) && hasAddress(value, entity);
}
