import { useSyncExternalStore } from 'react';
import type { Observable } from './observable.ts';

/** The value, or a part of it; renders again when that part is another one. */
export function useObservable<T>(source: Observable<T>): T;
export function useObservable<T, Part>(source: Observable<T>, part: (value: T) => Part): Part;
export function useObservable<T, Part>(
  source: Observable<T>,
  part: (value: T) => T | Part = (value) => value,
): T | Part {
  const read = (): T | Part => part(source.get());
  return useSyncExternalStore(source.subscribe, read, read);
}
