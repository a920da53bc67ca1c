// Graphs' samples, apart from the rest: they come each second, and only charts look at them.
import { useEffect, useSyncExternalStore } from 'react';
import { apiGet, pathOf } from '../api/client.ts';
import type { Usage, UsageSample } from '../api/types.ts';
import { addSample, noSamples, type Samples, withHistory } from './usage-samples.ts';

interface Watched {
  samples: Samples;
  version: number;
  users: number;
  readonly listeners: Set<() => void>;
}

const watched = new Map<string, Watched>();
const NONE = noSamples();
let tell: (ids: readonly string[]) => void = () => {};
let scheduled = false;

/** Where to say which entities are looked at. */
export function onWatch(send: (ids: readonly string[]) => void): void {
  tell = send;
  tell([...watched.keys()]);
}

export function takeUsage(usages: readonly Usage[], at: number): void {
  for (const usage of usages) {
    const found = watched.get(usage.id);
    if (found && addSample(found.samples, usage, at)) changed(found);
  }
}

/** The samples of an entity, as long as somebody looks; `version` says that there are more. */
export function useUsage(id: string): { readonly samples: Samples; readonly version: number } {
  useEffect(() => watch(id), [id]);
  const version = useSyncExternalStore(
    (listener) => {
      const found = watched.get(id) ?? create(id);
      found.listeners.add(listener);
      return () => found.listeners.delete(listener);
    },
    () => watched.get(id)?.version ?? 0,
  );
  return { samples: watched.get(id)?.samples ?? NONE, version };
}

function create(id: string): Watched {
  const made: Watched = { samples: noSamples(), version: 0, users: 0, listeners: new Set() };
  watched.set(id, made);
  return made;
}

function watch(id: string): () => void {
  const found = watched.get(id) ?? create(id);
  found.users += 1;
  if (found.users === 1) {
    schedule();
    apiGet<UsageSample[]>(`${pathOf(id)}/usage`).then(
      (history) => {
        found.samples = withHistory(found.samples, history);
        changed(found);
      },
      () => {},
    );
  }
  return () => {
    found.users -= 1;
    if (found.users > 0) return;
    watched.delete(id);
    schedule();
  };
}

/** Several charts come and go together: one message for all. */
function schedule(): void {
  if (scheduled) return;
  scheduled = true;
  queueMicrotask(() => {
    scheduled = false;
    tell([...watched.keys()]);
  });
}

function changed(found: Watched): void {
  found.version += 1;
  for (const listener of found.listeners) listener();
}
