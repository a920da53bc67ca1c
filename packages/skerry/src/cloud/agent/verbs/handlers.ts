import type { Verb } from '../../verbs/verb.ts';
import type { VerbTable } from '../../verbs/table.ts';
import { allocHandlers } from './alloc.ts';
import { definitionHandlers } from './definition.ts';
import type { Handler } from './handler.ts';
import { hypervisorHandlers } from './hypervisor.ts';
import { powerHandlers } from './power.ts';
import { storageHandlers } from './storage.ts';
import { undefineHandlers } from './undefine.ts';

const ALL = [
  ...allocHandlers,
  ...powerHandlers,
  ...definitionHandlers,
  ...undefineHandlers,
  ...storageHandlers,
  ...hypervisorHandlers,
];

/** Who does what of a table; `more` adds to the agent's own. */
export function handlersFor(
  table: VerbTable,
  more: readonly Handler[] = [],
): ReadonlyMap<Verb, Handler> {
  const handlers = new Map([...ALL, ...more].map((handler) => [handler.verb, handler]));
  for (const verb of table.all)
    if (verb.runs === 'agent' && !handlers.has(verb))
      throw new Error(`nobody does '${verb.entity} ${verb.name}'`);
  return handlers;
}
