/** Does `work` for all items, `width` at once, and gives the results in their order. Ends at the first error. */
export async function each<T, R>(
  items: readonly T[],
  width: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const todo = items.entries();
  let failed: { error: unknown } | undefined;
  const worker = async (): Promise<void> => {
    for (const [index, item] of todo) {
      if (failed) return;
      try {
        results[index] = await work(item, index);
      } catch (error) {
        failed ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
  if (failed) throw failed.error;
  return results;
}
