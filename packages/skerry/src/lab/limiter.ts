/** Starts work at once as long as less than `limit` is under way, else when something ends; in the order it is given. */
export function limiter(limit: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let busy = 0;
  return async (work) => {
    if (busy >= limit) await new Promise<void>((resolve) => void waiting.push(resolve));
    else busy += 1;
    try {
      return await work();
    } finally {
      // Its place goes to the next one, if there is one.
      const next = waiting.shift();
      if (next) next();
      else busy -= 1;
    }
  };
}
