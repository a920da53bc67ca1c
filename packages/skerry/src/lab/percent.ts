/** Never 100 of what is not there yet. Pure. */
export function percentOf(bytes: number, of: number): number {
  return of === 0 ? 0 : Math.min(99, Math.floor((bytes / of) * 100));
}
