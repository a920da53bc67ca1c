import { allSettled } from '../util/all-settled.ts';
import { SkerryError, SkerryErrors } from '../util/errors.ts';

/**
 * Does `work` for all items at once, so that one that fails stops no other, and gives what came of it in the order of the
 * items, and all that is to be reported. Other errors than ours are thrown, when nothing is under way any more.
 */
export async function settle<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
): Promise<{ results: R[]; errors: SkerryError[] }> {
  const results: R[] = [];
  const errors: SkerryError[] = [];
  const answers = await allSettled(
    items.map(async (item): Promise<() => unknown> => {
      try {
        const result = await work(item);
        return () => results.push(result);
      } catch (error) {
        if (error instanceof SkerryErrors) return () => errors.push(...error.errors);
        if (error instanceof SkerryError) return () => errors.push(error);
        throw error;
      }
    }),
  );
  for (const add of answers) add();
  return { results, errors };
}

/** The results of all; where there are none of some, all that is to be reported is thrown. @throws SkerryErrors, or the only SkerryError */
export async function settleAll<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const { results, errors } = await settle(items, work);
  if (errors.length === 1 && errors[0]) throw errors[0];
  if (errors.length > 0) throw new SkerryErrors(errors);
  return results;
}
