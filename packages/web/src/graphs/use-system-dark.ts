import { useSyncExternalStore } from 'react';

const dark = matchMedia('(prefers-color-scheme: dark)');

function follow(listener: () => void): () => void {
  dark.addEventListener('change', listener);
  return () => dark.removeEventListener('change', listener);
}

/** Whether the system is dark: what draws on a canvas draws anew when that changes. */
export function useSystemDark(): boolean {
  return useSyncExternalStore(follow, () => dark.matches);
}
