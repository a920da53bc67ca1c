// Work on one thing by several in this process, one after the other.
const last = new Map<unknown, Promise<unknown>>();

/**
 * Resolves when all who came before have given their turn back; dispose it when done.
 *
 * @param thing what there are turns at: a path, or an object
 * @throws the signal's reason, where that fires first
 *
 * @example
 * using turn = await takeTurn('/var/lib/some-index');
 */
export async function takeTurn(thing: unknown, signal?: AbortSignal): Promise<Disposable> {
  const before = last.get(thing);
  const { promise: done, resolve } = Promise.withResolvers<void>();
  const after = Promise.all([before, done]);
  last.set(thing, after);
  void after.then(() => last.get(thing) === after && last.delete(thing));
  try {
    if (before) await unlessAborted(before, signal);
    signal?.throwIfAborted();
  } catch (error) {
    resolve();
    throw error;
  }
  return { [Symbol.dispose]: resolve };
}

async function unlessAborted(work: Promise<unknown>, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return;
  const { promise: aborted, resolve } = Promise.withResolvers<void>();
  const abort = (): void => resolve();
  signal?.addEventListener('abort', abort, { once: true });
  await Promise.race([work, aborted]);
  signal?.removeEventListener('abort', abort);
}
