/** Registers how to take back what was just done. */
export type Defer = (undo: () => Promise<void>) => void;

/** Does steps that belong together: when one fails, those before it are taken back, the last one first. */
export async function allOrNothing<T>(work: (defer: Defer) => Promise<T>): Promise<T> {
  const undos: (() => Promise<void>)[] = [];
  try {
    return await work((undo) => undos.push(undo));
  } catch (error) {
    for (const undo of undos.toReversed()) await undo().catch(() => {});
    throw error;
  }
}
