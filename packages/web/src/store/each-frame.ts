const LATE_MS = 100;

/**
 * Gathers what comes, and gives all of it once before the browser paints: fifty changes cost one rendering. A page that
 * nobody sees is never painted, also one that was seen when the frame was asked for: there a timer does it.
 */
export function eachFrame<T>(take: (gathered: readonly T[]) => void): (item: T) => void {
  let gathered: T[] = [];
  let frame = 0;
  let timer: ReturnType<typeof setTimeout>;
  const flush = (): void => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
    const all = gathered;
    gathered = [];
    take(all);
  };
  return (item) => {
    gathered.push(item);
    if (gathered.length > 1) return;
    frame = requestAnimationFrame(flush);
    timer = setTimeout(flush, LATE_MS);
  };
}
