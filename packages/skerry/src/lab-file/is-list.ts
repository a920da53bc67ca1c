/** `Array.isArray` that knows read-only arrays. */
export function isList<T extends object>(value: T): value is Extract<T, readonly unknown[]> {
  return Array.isArray(value);
}
