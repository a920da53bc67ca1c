import { apiPost, pathOf } from './client.ts';
import type { EntityState, Explained } from './types.ts';

/** What somebody may do with an entity, and why; oneself, where nobody is named. */
export async function explain(
  { id }: Pick<EntityState, 'id'>,
  user?: string,
): Promise<readonly Explained[]> {
  const path = `${pathOf(id)}/permission_explain`;
  const { verbs } = await apiPost<{ readonly verbs: readonly Explained[] }>(path, { user });
  return verbs;
}
