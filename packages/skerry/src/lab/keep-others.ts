// Trees that are pulled or shared, kept by whoever keeps those that are pushed.
import type { TreeSpec } from '../lab-file/spec-sync.ts';
import type { LiveEvent } from './live-protocol.ts';
import { keepPulled } from './pull-keep.ts';
import { ShareKeep } from './share-keep.ts';

export interface KeepOptions {
  readonly gatewaySocket: string;
  /** The lab's state folder. */
  readonly stateDir: string;
  readonly signal: AbortSignal;
  readonly onEvent: (event: LiveEvent) => void;
  /** Something for people. */
  readonly onNote: (text: string) => void;
}

/** Begins with all that are not pushed, until the signal fires. Gives the shares, which can be asked. */
export function keepOthers(trees: readonly TreeSpec[], options: KeepOptions): ShareKeep[] {
  for (const tree of trees.filter(({ mode }) => mode === 'pull'))
    void keepPulled({ tree, ...options });
  const shares = trees
    .filter(({ mode }) => mode === 'share')
    .flatMap((tree) => tree.on.map((machine) => new ShareKeep({ tree, machine, ...options })));
  for (const share of shares)
    share.keep().catch((error: unknown) => {
      options.onNote(error instanceof Error ? error.message : String(error));
    });
  return shares;
}

/** Resolves when the machine has its shares; those of others are not waited for. */
export async function sharesReady(shares: readonly ShareKeep[], machine: string): Promise<void> {
  const here = shares.filter(({ state }) => state.machine === machine);
  await Promise.all(here.map((share) => share.whenReady()));
}
