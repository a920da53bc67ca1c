import type { EntityState, VerbInfo } from '../api/types.ts';
import { question } from '../store/ui.ts';
import { perform } from './perform.ts';
import { hasParams, isDangerous, TRANSPORT } from './table.ts';

/** A verb was chosen: it is done at once when it can be, and asked about when it has parameters or is dangerous. */
export function request(
  entities: readonly EntityState[],
  verb: VerbInfo,
  params?: Readonly<Record<string, unknown>>,
): void {
  const [first] = entities;
  if (!first) return;
  if (needsQuestion(verb, params, entities.length))
    question.set({
      entities: entities.map(({ id }) => id),
      verb: verb.name,
      ...(params && { params }),
    });
  else void perform({ entity: first, verb, ...(params && { params }) });
}

function needsQuestion(verb: VerbInfo, params: object | undefined, entities: number): boolean {
  if (isDangerous(verb) || entities > 1) return true;
  if (params || !hasParams(verb)) return false;
  const isOneClick =
    verb.name !== 'migrate' && (TRANSPORT as readonly string[]).includes(verb.name);
  return !isOneClick;
}
