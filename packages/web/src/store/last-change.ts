import { isQuiet } from '../verbs/table.ts';
import type { CloudState } from './state.ts';

/** Names what was done last to an entity: another one when there is something new to be read of it. */
export function lastChangeOf({ log }: CloudState, id: string): string | undefined {
  return log.find(({ entity, verb }) => entity === id && !isQuiet(verb))?.id;
}
