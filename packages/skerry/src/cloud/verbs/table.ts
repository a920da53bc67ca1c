import type { EntityState } from '../entity.ts';
import { hypervisorAccess, vmAccess } from './access.ts';
import { hypervisorVerbs } from './hypervisor.ts';
import { peopleVerbs } from './people.ts';
import type { EntityKind, Verb } from './verb.ts';
import { definitionVerbs } from './vm-definition.ts';
import { powerVerbs } from './vm-power.ts';
import { storageVerbs } from './vm-storage.ts';

/** Verbs by kind of entity and name. */
export class VerbTable {
  readonly all: readonly Verb[];
  readonly #byKey: ReadonlyMap<string, Verb>;

  /** @throws Error when two verbs of a kind share a name, a command or words of the chat. */
  constructor(verbs: readonly Verb[]) {
    this.all = verbs;
    this.#byKey = new Map(verbs.map((verb) => [key(verb.entity, verb.name), verb]));
    for (const part of ['name', 'command'] as const)
      refuseTwins(verbs.map((v) => key(v.entity, v[part])));
    refuseTwins(verbs.flatMap((v) => (v.chat?.words ?? []).map((words) => key(v.entity, words))));
  }

  get(entity: EntityKind, name: string): Verb | undefined {
    return this.#byKey.get(key(entity, name));
  }

  /** By its name, or by the word of the CLI: `suspend` and `pause`. */
  find(entity: EntityKind, word: string): Verb | undefined {
    return this.get(entity, word) ?? this.of(entity).find(({ command }) => command === word);
  }

  of(entity: EntityKind): readonly Verb[] {
    return this.all.filter((verb) => verb.entity === entity);
  }
}

/** Every verb there is, in the order in which people see them. */
export const VERBS = new VerbTable([
  ...powerVerbs,
  ...definitionVerbs,
  ...storageVerbs,
  ...vmAccess,
  ...hypervisorVerbs,
  ...hypervisorAccess,
  ...peopleVerbs,
]);

const WITH_CENTRAL = new Set(['alloc', 'clone', 'rename', 'free', 'undefine', 'migrate']);

/**
 * Whether it goes through central, also where an entity itself is asked: central knows which names and uuids others have, who
 * has grants for what is made or gone, and how another hypervisor is reached.
 */
export function needsCentral({ name, runs }: Verb): boolean {
  return runs === 'central' || WITH_CENTRAL.has(name);
}

/** Whether a verb makes sense in an entity's present state; what may be, not who may. */
export function isPossible(verb: Verb, entity: EntityState): boolean {
  if (verb.entity !== entity.kind) return false;
  if (verb.stops !== undefined && entity.task?.verb !== verb.stops) return false;
  if (entity.kind !== 'vm') return true;
  return verb.states === undefined || verb.states.includes(entity.state);
}

function key(entity: EntityKind, name: string): string {
  return `${entity} ${name}`;
}

function refuseTwins(keys: readonly string[]): void {
  const twin = keys.find((each, at) => keys.indexOf(each) !== at);
  if (twin !== undefined) throw new Error(`two verbs are called '${twin}'`);
}
