// Who runs tests as root may read and write anything: what happens to others is seen by being another for a while.
const NOBODY = 65534;

/** Runs this as somebody who is not root, and so do programs that it starts. */
export async function asOrdinaryUser<T>(work: () => Promise<T>): Promise<T> {
  if (process.getuid?.() !== 0) return await work();
  const group = process.getegid?.() ?? 0;
  process.setegid?.(NOBODY);
  process.seteuid?.(NOBODY);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(group);
  }
}
