// Work on one thing by several in this process, one after the other.
const last = new Map<string, Promise<unknown>>();

/**
 * Resolves when all who came before have given their turn back; dispose it when done.
 * @throws the signal's reason, where that fires first
 */
export async function takeTurn(thing: string, signal: AbortSignal): Promise<Disposable> {
  const before = last.get(thing);
  const { promise: done, resolve } = Promise.withResolvers<void>();
  const after = Promise.all([before, done]);
  last.set(thing, after);
  void after.then(() => last.get(thing) === after && last.delete(thing));
  try {
    if (before) await unlessAborted(before, signal);
    signal.throwIfAborted();
  } catch (error) {
    resolve();
    throw error;
  }
  return { [Symbol.dispose]: resolve };
}

async function unlessAborted(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const { promise: aborted, resolve } = Promise.withResolvers<void>();
  const abort = (): void => resolve();
  signal.addEventListener('abort', abort);
  await Promise.race([work, aborted]);
  signal.removeEventListener('abort', abort);
}
