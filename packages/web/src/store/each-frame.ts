/**
 * Gathers what comes, and gives all of it once before the browser paints: fifty changes cost one rendering. A page that
 * nobody sees is never painted, so there a timer does it.
 */
export function eachFrame<T>(take: (gathered: readonly T[]) => void): (item: T) => void {
  let gathered: T[] = [];
  const flush = (): void => {
    const all = gathered;
    gathered = [];
    take(all);
  };
  return (item) => {
    gathered.push(item);
    if (gathered.length > 1) return;
    if (document.visibilityState === 'visible') requestAnimationFrame(flush);
    else setTimeout(flush, 100);
  };
}
