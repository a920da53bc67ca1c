import type { EntityState, VerbInfo } from '../api/types.ts';
import { answerShown, question } from '../store/ui.ts';
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
  if (verb.danger === 'reads') {
    void read(first, verb);
    return;
  }
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

/** What only reads answers in words. */
async function read(entity: EntityState, verb: VerbInfo): Promise<void> {
  const outcome = await perform({ entity, verb });
  if (!outcome.ok) return;
  tell(entity, verb, outcome.result);
}

/** Shows what a verb has answered: its texts, or the rows of its list. */
export function tell(entity: EntityState, verb: VerbInfo, result: unknown): void {
  const values = Object.values((result ?? {}) as Record<string, unknown>);
  const rows = values.find(isRows);
  const words = values.filter((value) => typeof value === 'string');
  const text = words.length > 0 || rows ? words.join('\n') : JSON.stringify(result, null, 2);
  const title = `${verb.title}: ${entity.name}`;
  answerShown.set({ title, text, ...(rows && { rows }) });
}

/** Whether a value is a list of things with fields. */
export function isRows(value: unknown): value is Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) && value.every((row) => typeof row === 'object' && row !== null);
}
